"""The media stream protocols of phone companies, as dialects in phones.yaml."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from voicelab.targets.mapping.model import Sound
from voicelab.targets.mapping.templates import fill
from voicelab.targets.streaming.sound import SoundFormat

Template = dict[str, Any]
"""A JSON message with variables (mapping/templates.py)."""


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """The ids of one call. parameters: the call's parameters for the agent."""

    stream: str
    call: str
    account: str
    form: SoundFormat
    parameters: Mapping[str, str]

    def frame(self, template: Template, number: int, **values: object) -> str:
        """Return a message of this call. number: of the message, counted from 1. values: further variables."""
        known = {
            **asdict(self), **values, "number": number, "chunk": number - 1, "rate_hz": self.form.rate_hz,
            "codec": "PCMA" if self.form.encoding == "alaw" else "PCMU",
            "parameters_text": ";".join(f"{name}={value}" for name, value in self.parameters.items()),
        }  # fmt: skip
        return json.dumps(fill(template, lambda name: str(known[name[5:]]) if name[:5] == "text." else known[name]))


class PhoneDialect(BaseModel):
    """The messages of one phone company; phones.yaml describes the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sound: Sound
    opening: tuple[Template, ...]
    parameters_beside: bool = False
    media: Template | None = None
    mark: Template
    stop: Template | None = None
    dtmf: Template
    plays: str | None = None
    clears: str
    marks: str
    kind: str = "event"

    def opening_frames(self, call: PhoneCall) -> Sequence[str]:
        """Return the messages that announce a call."""
        first, *others = self.opening
        beside = call.parameters if self.parameters_beside else {}
        return [call.frame(template, 1) for template in ({**first, **beside}, *others)]


@cache
def phone_dialects() -> Mapping[str, PhoneDialect]:
    text = (resources.files("voicelab.targets") / "phones.yaml").read_text(encoding="utf-8")
    return {name: PhoneDialect.model_validate(value) for name, value in yaml.safe_load(text).items()}
