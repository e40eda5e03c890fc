"""Connects to servers with an OpenAI-compatible API and translates their errors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from voicelab.engines.addresses import take_user, user_of
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import EngineError, EngineMissingError

OPENAI_URL = "https://api.openai.com/v1"
last_status: ContextVar[int | None] = ContextVar("last_status", default=None)
"""The status of the newest response to this task's requests, also of one after which the client waits and retries."""


@dataclass(kw_only=True, eq=False, repr=False)
class OpenAIEngine:
    """Base class of engines that call an OpenAI-compatible server.

    base_url: server address up to /v1. model: the server's name for it. key_variable: environment variable with the
    key. timeout_s (seconds), retries: per request.
    """

    kind: ClassVar[str]
    base_url: str = OPENAI_URL
    model: str = ""
    key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 30.0
    retries: int = 2

    def __post_init__(self) -> None:
        self._url = self.base_url.rstrip("/")
        self._client: Any = None

    def load(self) -> EngineInfo:
        self._client = connect(self._url, self.key_variable, self.timeout_s, self.retries)
        revision = f"{self.model} at {self._url}, {package_revision('openai')}"
        return EngineInfo(self.kind, "openai", asdict(self), revision, device="remote", licence="the server's own")


def connect(base_url: str, key_variable: str, timeout_s: float, retries: int) -> Any:
    """Return an openai.OpenAI client after one successful request.

    base_url: a user part (http://user:password@host) is sent as HTTP Basic authorization instead of the key.
    key_variable: name of the environment variable that holds the key; required only for OpenAI itself.

    Raises EngineMissingError, which says what to install, set or start.
    """
    base_url = take_user(base_url)
    openai = _package()
    user = user_of(base_url)
    settings = _settings(base_url, key_variable, timeout_s, retries)
    client = openai.OpenAI(**settings, http_client=openai.DefaultHttpxClient(auth=user) if user else None)
    try:
        client.models.list()
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        refused = "the user in base_url" if user else f"the key in {key_variable}"
        raise EngineMissingError("openai", f"{base_url} refused {refused}") from error
    except openai.APIConnectionError as error:
        raise EngineMissingError("openai", f"{base_url} cannot be reached; start it, or correct base_url") from error
    except openai.NotFoundError:
        pass  # servers may leave out the model list
    except openai.APIStatusError as error:
        raise EngineError("openai", f"{base_url} answered {error.status_code}: {reason(error)}") from error
    return client


def connect_async(base_url: str, key_variable: str, timeout_s: float, retries: int) -> Any:
    """Return an openai.AsyncOpenAI for a server that `connect` has reached."""
    base_url = take_user(base_url)
    openai = _package()

    class Client(openai.AsyncOpenAI):  # type: ignore[misc, name-defined]
        def _make_sse_decoder(self) -> Any:
            return _without_empty_events(super()._make_sse_decoder())

    http_client = openai.DefaultAsyncHttpxClient(auth=user_of(base_url), event_hooks={"response": [_note_status]})
    return Client(**_settings(base_url, key_variable, timeout_s, retries), http_client=http_client)


async def _note_status(response: Any) -> None:
    last_status.set(response.status_code)


def _without_empty_events(decoder: Any) -> Any:
    """Return a decoder that follows the standard of server-sent events where openai's does not.

    openai's decoder loses the first event after a byte order mark, and passes on events without data, such as
    `retry: 3000`, which are not JSON.
    """
    decode = decoder.decode

    def decoded(line: str) -> Any:
        event = decode(line.removeprefix("\ufeff"))
        return event if event is not None and event.data else None

    decoder.decode = decoded
    return decoder


def _package() -> Any:
    try:
        import openai
    except ImportError as error:
        raise EngineMissingError("openai", f"{error}; run: pip install 'voicelab[openai]'") from error
    return openai


def _settings(base_url: str, key_variable: str, timeout_s: float, retries: int) -> dict[str, Any]:
    """Return the arguments of a client. base_url: without a user part. Raises EngineMissingError."""
    key = os.environ.get(key_variable, "")
    if not key and base_url == OPENAI_URL:
        raise EngineMissingError(
            "openai", f"{base_url} needs a key; set {key_variable}, or base_url=http://host:port/v1"
        )
    if not base_url.startswith(("http://", "https://")):
        raise EngineMissingError("openai", f"base_url={base_url}: write http://host:port/v1")
    address = base_url.partition("?")[0]
    if address != base_url:
        # It cannot work, because requests append their path, and its keys would be stored in runs and logs.
        raise EngineMissingError("openai", f"base_url={address} has a query: omit it; a key is in {key_variable}")
    return {"base_url": base_url, "api_key": key or "none", "timeout": timeout_s, "max_retries": retries}


@contextmanager
def translated_errors(base_url: str) -> Iterator[None]:
    """Raise failures of a request as EngineError."""
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        raise EngineError("openai", f"{base_url} did not answer in time; raise timeout_s") from error
    except openai.APIConnectionError as error:
        raise EngineError("openai", f"{base_url} cannot be reached: {error}") from error
    except openai.APIStatusError as error:
        raise EngineError("openai", f"{base_url} answered {error.status_code}: {reason(error)}") from error
    except openai.APIError as error:
        raise EngineError("openai", f"{base_url} failed: {reason(error)}") from error


def reason(error: Any) -> str:
    """Return the server's own error message."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or error.message)
