"""What can be set from outside, each by an environment variable of the field's name in capitals."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from voicelab.errors import InputError
from voicelab.places import PROJECT
from voicelab.turn import LONGEST_TURN_S

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")
_SQLITE = "sqlite+aiosqlite:///"


class Settings(BaseSettings):
    """The server's settings; docs/server.md has the table."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # NoDecode: the list may be written with commas, which pydantic-settings would refuse as bad JSON.
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("http://localhost:3000",)
    cors_credentials: bool = True
    asr: str = "pocketsphinx"
    agent: str = "rules"
    tts: str = "espeak"
    asr_workers: Annotated[int, Field(ge=1)] | None = None
    database_url: str = f"{_SQLITE}{PROJECT / 'data' / 'history.sqlite3'}"
    max_message_bytes: Annotated[int, Field(ge=1024)] = 10_000_000
    max_turn_s: Annotated[float, Field(gt=0)] = LONGEST_TURN_S
    max_connections: Annotated[int, Field(ge=1)] = 500
    max_waiting_bytes: Annotated[int, Field(ge=1024)] = 12_000_000
    idle_timeout_s: Annotated[float, Field(gt=0)] = 600.0
    reader_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    engine_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    realtime_slack_s: Annotated[float, Field(ge=0)] = 10.0
    reply_lead_s: Annotated[float, Field(gt=0)] = 3.0
    log_level: Literal["critical", "error", "warning", "info", "debug", "trace"] = "info"

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The environment's values, those given before them; InputError names the variable that is wrong."""
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper()
            fault = first["msg"].removeprefix("Value error, ")
            raise InputError(f"{name}={first['input']!s}: {fault}") from error

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Read a JSON list, or names with commas between them."""
        if not isinstance(value, str):
            return value
        if not value.lstrip().startswith("["):
            return [part.strip() for part in value.split(",") if part.strip()]
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f'not a JSON list of origins such as ["http://localhost:3000"] ({error})') from error

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(origin.rstrip("/").lower() for origin in value)
        for origin in origins:
            # "null" is what a page opened from a file, or inside a sandboxed frame, sends.
            if origin not in ("*", "null") and not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin; write scheme://host or scheme://host:port, or * for all")
        return origins

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: str) -> str:
        if not value.startswith(_SQLITE) or value in (_SQLITE, f"{_SQLITE}:memory:"):
            raise ValueError(f"the history is kept in an SQLite file; write {_SQLITE} and the file's path")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @property
    def any_origin(self) -> bool:
        """Whether every origin may connect."""
        return "*" in self.cors_origins
