"""The interface of tools that a language model may call.

Each domain has a Toolbox. Each tool declares whether its result contains text from outside (`reads_outside`) and
whether it changes something for the user (`promises_changes`); tool_session.py keeps the two apart.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from pydantic import BaseModel, ConfigDict

from voicelab.agent.base import Dialogue, Entity, WatchlistChange
from voicelab.errors import InputError, VoicelabError

TOOLBOXES = {"finance": "voicelab.agent.finance.tools.toolbox:FinanceToolbox"}
"""The shipped toolboxes; others are given as `package.module:Class`."""


class ToolArguments(BaseModel):
    """The arguments of a tool. The model gets their JSON schema."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolError(VoicelabError):
    """A tool failed. The message is for the model; the user hears a short version."""


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """The result of a tool. data: JSON values for the model. entities: the subjects of the call."""

    data: Any
    entities: tuple[Entity, ...] = ()
    changes: tuple[WatchlistChange, ...] = ()


class Tool(Protocol):
    """A tool. `run` may block; calls of one tool may overlap.

    spoken: its purpose, as spoken to the user after a failure ("the quote lookup"). intent: the intent of a turn that
    calls it.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    spoken: ClassVar[str]
    intent: ClassVar[str]
    reads_outside: ClassVar[bool]
    promises_changes: ClassVar[bool]
    arguments: ClassVar[type[ToolArguments]]

    def run(self, arguments: Any, dialogue: Dialogue) -> ToolOutput:
        """Run the tool. Raises ToolError. dialogue: its watchlist includes the changes promised so far in this turn."""


class Toolbox(Protocol):
    """The tools of a domain. A class with one argument, the data source.

    revision: of the data. prompt: the default system prompt.
    """

    tools: tuple[Tool, ...]
    revision: str
    prompt: str
    no_tool_intent: str

    def load(self) -> None:
        """Load the data. Raises InputError or EngineMissingError."""

    def names(self, value: str, texts: tuple[str, ...]) -> bool:
        """Return whether the user's words name the subject of a change, such as a ticker."""


def toolbox(name: str, data: str | None) -> Toolbox:
    """Return a toolbox by its name in TOOLBOXES or as `package.module:Class`, without loading it. Raises InputError."""
    target = TOOLBOXES.get(name, name)
    module, colon, attribute = target.partition(":")
    if not colon:
        raise InputError(f"tools={name}: unknown; known: {', '.join(TOOLBOXES)}, or package.module:Class")
    try:
        made = cast("Callable[[str | None], Toolbox]", getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise InputError(f"tools={name}: cannot be imported: {error}") from error
    return made(data)
