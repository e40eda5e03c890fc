"""The tool interface: what a language model may call, and what it gets back.

A domain offers a Toolbox. Each tool declares whether its result holds text from outside (`reads_outside`) and whether
it changes something for the user (`promises_changes`); tool_session.py keeps the two apart.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from pydantic import BaseModel, ConfigDict

from voicelab.agent.base import Dialogue, Entity, WatchlistChange
from voicelab.errors import InputError, VoicelabError

TOOLBOXES = {"finance": "voicelab.agent.finance.tools.toolbox:FinanceToolbox"}
"""The domains that come with voicelab; others are named as `package.module:Class`."""


class ToolArguments(BaseModel):
    """The arguments of a tool. Its JSON schema is what the model is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ToolError(VoicelabError):
    """A tool could not do what was asked; the message is for the model, and in short for the user."""


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool gives. data: JSON values for the model. entities: what the call was about."""

    data: Any
    entities: tuple[Entity, ...] = ()
    changes: tuple[WatchlistChange, ...] = ()


class Tool(Protocol):
    """One tool. `run` may block; calls of one tool may overlap.

    spoken: what it does, as the user hears it where it fails ("the quote lookup"). intent: what a turn that calls it is
    about.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    spoken: ClassVar[str]
    intent: ClassVar[str]
    reads_outside: ClassVar[bool]
    promises_changes: ClassVar[bool]
    arguments: ClassVar[type[ToolArguments]]

    def run(self, arguments: Any, dialogue: Dialogue) -> ToolOutput:
        """Raises ToolError. dialogue: its watchlist has the changes that this turn promised so far."""


class Toolbox(Protocol):
    """The tools of a domain. A class whose one argument says where its data comes from.

    revision: of the data. prompt: the system prompt where the user gives none.
    """

    tools: tuple[Tool, ...]
    revision: str
    prompt: str
    no_tool_intent: str

    def load(self) -> None:
        """Load the data. Raises InputError or EngineMissingError."""

    def names(self, value: str, texts: tuple[str, ...]) -> bool:
        """Whether the user's own words name the subject of a change (such as a ticker)."""


def toolbox(name: str, data: str | None) -> Toolbox:
    """A toolbox by its name in TOOLBOXES or as `package.module:Class`, not loaded yet. Raises InputError."""
    target = TOOLBOXES.get(name, name)
    module, colon, attribute = target.partition(":")
    if not colon:
        raise InputError(f"tools={name}: unknown; known: {', '.join(TOOLBOXES)}, or package.module:Class")
    try:
        made = cast("Callable[[str | None], Toolbox]", getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise InputError(f"tools={name}: cannot be imported: {error}") from error
    return made(data)
