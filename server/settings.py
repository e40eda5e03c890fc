"""What can be set from outside, each by an environment variable of the field's name in capitals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.history.database import checked, shown
from server.hosts import PATTERN
from server.messages import MOST_JSON_BYTES
from server.origins import canonical
from server.tokens import Tokens, read, read_file
from voicelab.errors import InputError
from voicelab.places import PROJECT
from voicelab.turn import LONGEST_TURN_S

_SQLITE = "sqlite+aiosqlite:///"
LARGEST_JSON_BYTES = 1_000_000
"""The largest MAX_JSON_BYTES. A megabyte takes tens of milliseconds to parse, in which nobody is served."""
_SHARE_OF_ONE_CLIENT = 0.8
_SECRET: dict[str, Callable[[Any], str]] = {"DATABASE_URL": shown, "AUTH_TOKENS": lambda _: "***"}
"""How the value of a setting that holds a secret is printed."""


class Settings(BaseSettings):
    """The server's settings; docs/server.md has the table."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, allow_inf_nan=False)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # NoDecode: the list may be written with commas, which pydantic-settings would refuse as bad JSON.
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("http://localhost:3000",)
    cors_credentials: bool = True
    asr: str = "pocketsphinx"
    agent: str = "rules"
    tts: str = "espeak"
    vad: str = "silero"
    asr_workers: Annotated[int, Field(ge=1)] | None = None
    database_url: str = f"{_SQLITE}{PROJECT / 'data' / 'history.sqlite3'}"
    max_message_bytes: Annotated[int, Field(ge=1024)] = 10_000_000
    max_json_bytes: Annotated[int, Field(ge=1024, le=LARGEST_JSON_BYTES)] = MOST_JSON_BYTES
    max_turn_s: Annotated[float, Field(gt=0)] = LONGEST_TURN_S
    max_connections: Annotated[int, Field(ge=1)] = 500
    max_connections_per_client: Annotated[int, Field(ge=1)] | None = None
    max_waiting_bytes: Annotated[int, Field(ge=1024)] = 12_000_000
    idle_timeout_s: Annotated[float, Field(gt=0)] = 600.0
    request_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    body_timeout_s: Annotated[float, Field(gt=0)] = 200.0
    min_body_bytes_per_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 500.0
    reader_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    engine_timeout_s: Annotated[float, Field(ge=0.1)] = 60.0
    realtime_slack_s: Annotated[float, Field(ge=0)] = 10.0
    reply_lead_s: Annotated[float, Field(gt=0)] = 3.0
    samples: Path | None = None
    reports_dir: Path = PROJECT / "reports"
    recordings_dir: Path | None = None
    log_level: Literal["critical", "error", "warning", "info", "debug", "trace"] = "info"
    # Who may use it; how it runs, ends and is seen.
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    auth_tokens: Annotated[dict[str, str], NoDecode, Field(repr=False)] = Field(default_factory=dict)
    auth_tokens_file: Path | None = None
    workers: Annotated[int, Field(ge=1)] = 1
    shutdown_limit_s: Annotated[float, Field(gt=0)] = 20.0
    log_format: Literal["text", "json"] = "text"
    log_transcripts: bool = False

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The environment's values, those given before them; InputError names the variable that is wrong."""
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper()
            fault = first["msg"].removeprefix("Value error, ")
            shown_value = _SECRET.get(name, str)(first["input"])
            raise InputError(f"{name}={shown_value}: {fault}") from error

    @field_validator("cors_origins", "allowed_hosts", mode="before")
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
            raise ValueError(f'not a JSON list such as ["http://localhost:3000"] ({error})') from error

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        for given in value:
            # "null" is what a page opened from a file, or inside a sandboxed frame, sends.
            origin = "*" if given == "*" else canonical(given.rstrip("/"))
            if origin is None:
                raise ValueError(f"{given!r} is no origin; write scheme://host or scheme://host:port, or * for all")
            found.append(origin)
        return tuple(found)

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.lower().rstrip(".") for name in value)
        for name in names:
            if not PATTERN.fullmatch(name):
                raise ValueError(f"{name!r} is no host; write a name without scheme and port, *.name, or * for all")
        return names

    @field_validator("auth_tokens", mode="before")
    @classmethod
    def _read_tokens(cls, value: Any) -> Any:
        return read(value) if isinstance(value, str) else value

    @field_validator("auth_tokens_file")
    @classmethod
    def _check_tokens_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None:
            if info.data.get("auth_tokens"):
                raise ValueError("AUTH_TOKENS is set too; set one of them")
            read_file(value)
        return value

    @property
    def tokens(self) -> Tokens:
        """Those of AUTH_TOKENS or of its file."""
        return Tokens(self.auth_tokens if self.auth_tokens_file is None else read_file(self.auth_tokens_file))

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: str) -> str:
        return checked(value)

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @property
    def most_per_client(self) -> int:
        """How many WebSockets one client may hold: by default four fifths of MAX_CONNECTIONS, rounded up."""
        return self.max_connections_per_client or math.ceil(_SHARE_OF_ONE_CLIENT * self.max_connections)

    @property
    def any_origin(self) -> bool:
        """Whether every origin may connect."""
        return "*" in self.cors_origins
