"""The server's settings. Each field is set by the environment variable of its name in capitals."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.history.addresses import checked, shown
from server.history.database import DEFAULT_LIMIT_S
from server.hosts import PATTERN
from server.http.rewriting import checked_prefix
from server.messages import MOST_JSON_BYTES
from server.origins import checked as checked_origin
from server.tokens import Tokens, read, read_file
from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.engines.pool.pool import ENGINE_WAIT_S
from voicelab.engines.pool.work_pool import DEFAULT_QUEUE
from voicelab.engines.spec import EngineSpec
from voicelab.errors import InputError
from voicelab.paths import PROJECT
from voicelab.pipeline.turn import LONGEST_TURN_S
from voicelab.tts.default import default_voice
from voicelab.vad.turn_end.catalog import DEFAULT_TURN_END

LARGEST_JSON_BYTES = 1_000_000
"""Upper limit of MAX_JSON_BYTES. Parsing a megabyte blocks the event loop for tens of milliseconds."""
_SHARE_OF_ONE_CLIENT = 0.8
_SECRET: dict[str, Callable[[Any], str]] = {"DATABASE_URL": shown, "AUTH_TOKENS": lambda _: "***"}
"""Functions that format the values of settings with secrets for error messages."""


_YEAR_S = 365 * 86_400.0
Seconds = Annotated[float, Field(gt=0, le=_YEAR_S, allow_inf_nan=False)]
Bytes = Annotated[int, Field(ge=1024, le=2**31 - 1)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Engine = Annotated[str, AfterValidator(EngineSpec.without_users)]


class Settings(BaseSettings):
    """The server's settings; docs/reference/server.md describes each."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # NoDecode: pydantic-settings would refuse a comma-separated list as invalid JSON.
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ("http://localhost:3000",)
    cors_credentials: bool = True
    root_path: Annotated[str, AfterValidator(checked_prefix)] = ""
    asr: Engine = DEFAULT_RECOGNIZER
    agent: Engine = "rules"
    tts: Engine = Field(default_factory=default_voice)
    vad: str = "silero"
    turn_end: str = DEFAULT_TURN_END
    speculative_start: bool = True
    asr_workers: Annotated[int, Field(ge=1, le=1024)] | None = None
    database_url: Annotated[str, Field(repr=False), AfterValidator(checked)] = (
        f"sqlite:///{PROJECT / 'data' / 'history.sqlite3'}"
    )
    max_message_bytes: Bytes = 10_000_000
    max_json_bytes: Annotated[int, Field(ge=1024, le=LARGEST_JSON_BYTES)] = MOST_JSON_BYTES
    max_turn_s: Seconds = LONGEST_TURN_S
    max_speech_s: Seconds = 600.0
    max_connections: Annotated[int, Field(ge=1, le=100_000_000)] = 500
    max_connections_per_client: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    loop_share_per_client: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.25
    max_waiting_bytes: Bytes = 12_000_000
    idle_timeout_s: Seconds = 600.0
    request_timeout_s: Seconds = 10.0
    body_timeout_s: Seconds = 200.0
    min_body_bytes_per_s: Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)] = 500.0
    reader_timeout_s: Seconds = 10.0
    engine_timeout_s: Annotated[Seconds, Field(ge=0.1)] = 60.0
    pool_threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    pool_queue: Annotated[int, Field(ge=0, le=100_000)] = DEFAULT_QUEUE
    history_timeout_s: Seconds = DEFAULT_LIMIT_S
    history_days: Annotated[float, Field(gt=0, le=36_500, allow_inf_nan=False)] | None = None
    agent_exchanges: Annotated[int, Field(ge=1, le=1000)] = 20
    max_session_turns: Annotated[int, Field(ge=1, le=2**31 - 1)] = 10_000
    engine_wait_s: Annotated[float, Field(ge=0, le=_YEAR_S, allow_inf_nan=False)] = ENGINE_WAIT_S
    realtime_slack_s: Annotated[float, Field(ge=0, le=_YEAR_S, allow_inf_nan=False)] = 10.0
    reply_lead_s: Seconds = 3.0
    samples: Path | None = None
    samples_outside: bool = False
    reports_dir: Path = PROJECT / "reports"
    recordings_dir: Path | None = None
    max_user_sets: Count = 100
    max_set_prompts: Count = 1000
    max_set_prompt_bytes: Count = 50_000
    max_set_takes: Count = 1000
    max_set_samples: Count = 10_000
    max_user_recording_bytes: Annotated[int, Field(ge=1, le=10**15)] = 2_000_000_000
    log_level: Literal["critical", "error", "warning", "info", "debug", "trace"] = "info"
    # Access, processes, shutdown and logging.
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    auth_tokens: Annotated[dict[str, str], NoDecode, Field(repr=False)] = Field(default_factory=dict)
    auth_tokens_file: Path | None = None
    sign_in_s: Annotated[Seconds, Field(ge=60)] = 43_200.0
    workers: Annotated[int, Field(ge=1, le=1024)] = 1
    shutdown_limit_s: Seconds = 20.0
    log_format: Literal["text", "json"] = "text"
    log_transcripts: bool = False

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Read the environment; `given` takes precedence. Raises InputError that names the wrong variable."""
        _check_not_empty()
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
        """Parse a JSON list or a comma-separated one."""
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
        return tuple(map(checked_origin, value))

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.lower().rstrip(".") for name in value)
        for name in names:
            if not PATTERN.fullmatch(name):
                raise ValueError(f"{name!r} is not a host; write a name without scheme and port, *.name, or * for all")
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
        """The accepted tokens. Raises InputError if AUTH_TOKENS_FILE can no longer be read."""
        if self.auth_tokens_file is None:
            return Tokens(self.auth_tokens)
        try:
            return Tokens(read_file(self.auth_tokens_file))
        except ValueError as error:
            raise InputError(f"AUTH_TOKENS_FILE={self.auth_tokens_file}: {error}") from error

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @property
    def most_per_client(self) -> int:
        """Maximum number of WebSockets per client; by default four fifths of MAX_CONNECTIONS, rounded up."""
        return self.max_connections_per_client or math.ceil(_SHARE_OF_ONE_CLIENT * self.max_connections)


def _check_not_empty() -> None:
    """Refuse empty secrets: a variable that was meant to protect the server must not open it to everybody."""
    for name, value in os.environ.items():
        if name.upper() in ("AUTH_TOKENS", "AUTH_TOKENS_FILE") and not value.strip():
            raise InputError(f"{name} is set but empty; set it to tokens, or unset it to serve without tokens")
