"""A running voicelab server, or another server with its protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter

from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.incoming import Mode
from voicelab.engines.addresses import basic_authorization, take_user
from voicelab.engines.spec import Catalog, EngineInfo
from voicelab.errors import InputError
from voicelab.targets.base import PIPELINE, Interruption, Session, TargetBase, TargetSettings, TurnOutcome, Utterance
from voicelab.targets.client import VoiceClient
from voicelab.targets.streaming.transport import certificate_reason, http_client
from voicelab.tts.catalog import VOICES

ENGINE_CATALOGS: tuple[Catalog, Catalog, Catalog] = (RECOGNIZERS, AGENTS, VOICES)
_ENGINES = TypeAdapter(tuple[EngineInfo, ...])


class VoicelabServer(TargetBase):
    """A running voicelab server; url: http://host:port. If engines are given, the server must use them.

    partials: request partial transcripts in realtime mode. The recognizer then works during the turn, which may slow
    replies down.
    """

    capabilities = replace(PIPELINE, session_state=True)

    def __init__(self, *, url: str, partials: bool = False) -> None:
        self.url = url
        self._timeout_s = 30.0
        self._partials = partials
        if partials:
            self.capabilities = replace(self.capabilities, partial_transcript=True)

    def check(self) -> None:
        """Raise InputError unless the URL is valid."""
        check_address(self.url)

    async def open(self, settings: TargetSettings) -> None:
        """Request the server's engines, and compare them with the requested ones."""
        self.check()
        self._timeout_s = settings.timeout_s
        self.engines = await _engines_of(self.url, settings.timeout_s)
        for catalog, wanted in zip(ENGINE_CATALOGS, (settings.asr, settings.agent, settings.tts), strict=True):
            if wanted is not None:
                _check_same(catalog, wanted, self.engines)

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        async with VoiceClient.connect(
            f"{scheme}://{parts.netloc}/ws/voice/simple",
            user_id=user_id,
            session_id=session_id,
            events=("turn_metrics", "partial_transcription") if self._partials else ("turn_metrics",),
            timeout_s=self._timeout_s,
        ) as client:
            yield _ServerSession(client)


class _ServerSession:
    def __init__(self, client: VoiceClient) -> None:
        self._client = client
        self.session_id = client.session_id
        self.messages = client.messages

    async def speak(
        self, utterance: Utterance, mode: Mode = "burst", interruption: Interruption | None = None
    ) -> TurnOutcome:
        if interruption is not None:
            raise InputError("this target cannot interrupt a voicelab server; its capabilities exclude interruption")
        return await self._client.speak(utterance.audio, mode, source=utterance.source)


def check_address(address: str) -> None:
    """Raise InputError unless the URL is http://host:port or https://host:port."""
    address = take_user(address)
    if not address.strip():
        raise InputError("--url is empty; give a value, or leave it out")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise InputError(f"--url {address}: {error}; give the server's address as http://host:port") from error
    if not usable:
        raise InputError(f"--url {address}: give the server's address as http://host:port")


async def _engines_of(address: str, timeout_s: float) -> tuple[EngineInfo, ...]:
    try:
        async with await http_client(timeout_s) as client:
            answer = await client.get(address, headers=basic_authorization(address))
            answer.raise_for_status()
            found = answer.json()
            if found["status"] == "ok" and "engines" not in found:
                raise InputError(_needs_token(address))
            return _ENGINES.validate_python(found["engines"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        if isinstance(error, httpx.HTTPStatusError):
            reason = f"it answered HTTP {error.response.status_code}"
        else:
            reason = certificate_reason(error) or str(error)
        raise InputError(
            f"--url {address}: no voicelab server answers there: {reason}; start one: make run-server"
        ) from error


def _needs_token(address: str) -> str:
    parts = urlsplit(address)
    user = "an unknown token, or that of another user" if basic_authorization(address) else "no token"
    return f"--url {address}: this server requires a token and got {user}; write {parts.scheme}://USER:TOKEN@{parts.netloc}"


def _check_same(catalog: Catalog, wanted: str, engines: tuple[EngineInfo, ...]) -> None:
    """Raise InputError unless the server uses the requested engine; otherwise the figures would have a wrong label."""
    config = catalog.config(wanted)
    for engine in engines:
        if engine.kind == catalog.kind and engine.name == config.name and engine.options == dict(config.options):
            return
    running = ", ".join(f"{engine.name} {engine.options}" for engine in engines if engine.kind == catalog.kind)
    raise InputError(
        f"requested {catalog.kind} {wanted!r}, but the server uses {running}; omit --{catalog.kind} to accept it"
    )
