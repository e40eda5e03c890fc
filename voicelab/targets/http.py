"""Agents with an HTTP endpoint: the recording is uploaded, and the response contains the reply."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import httpx

from voicelab.audio import codecs, decoding
from voicelab.audio.incoming import Mode
from voicelab.engines.addresses import basic_authorization, take_user
from voicelab.engines.options import read_pairs
from voicelab.errors import ConnectionLostError, InputError, NoReplyError, UnreachableError
from voicelab.targets.background import analyse
from voicelab.targets.base import (
    Capabilities,
    Interruption,
    Session,
    SoundPiece,
    TargetBase,
    TargetSettings,
    TurnOutcome,
    Utterance,
)
from voicelab.targets.mapping.paths import value_at
from voicelab.targets.streaming.transport import (
    LARGEST_MESSAGE_BYTES,
    bearer,
    certificate_reason,
    check_url,
    http_client,
    with_environment,
    without_keys,
    without_query,
)

_REASON_CHARACTERS = 200


@dataclass(eq=False, repr=False)
class HTTPAgent(TargetBase):
    """An HTTP endpoint: one upload, one answer.

    url: http:// or https:// URL that accepts a POST. field: the file's name in a multipart form; empty sends the WAV
    itself as the body. fields: further fields of the form, NAME=VALUE joined by `;`. transcript, reply, audio: the
    paths of the caller's transcript, the reply's text and its sound (base64) in a JSON answer; an answer of type
    audio/* is the reply's sound. key_env: an environment variable whose value is sent as a bearer token. The requests
    of a conversation have the same header X-Session-Id.
    """

    url: str
    field: str = "file"
    fields: str = ""
    transcript: str | None = None
    reply: str | None = None
    audio: str | None = None
    key_env: str | None = None

    def __post_init__(self) -> None:
        self.url = check_url(take_user(with_environment(self.url)), ("http", "https"), what="url")
        self.form = read_pairs(self.fields, what="option fields")
        self.timeout_s = 30.0
        self.capabilities = Capabilities(
            caller_transcript=self.transcript is not None, reply_text=self.reply is not None, end_of_reply=True
        )

    async def open(self, settings: TargetSettings) -> None:
        self.timeout_s = settings.timeout_s

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        authorization = bearer(self.key_env) or basic_authorization(self.url)
        name = session_id or user_id
        async with await http_client(self.timeout_s) as client:
            yield HTTPSession(client, self, {**authorization, "X-Session-Id": name})


class HTTPSession:
    """A conversation: calls with a common session id, which is in the headers."""

    def __init__(self, client: httpx.AsyncClient, agent: HTTPAgent, headers: dict[str, str]) -> None:
        self.session_id = headers["X-Session-Id"]
        self._client = client
        self._agent = agent
        self._headers = headers

    async def speak(
        self, utterance: Utterance, mode: Mode = "burst", interruption: Interruption | None = None
    ) -> TurnOutcome:
        """Upload one recording. In mode `realtime`, the upload starts when the caller would have finished."""
        if interruption is not None:
            raise InputError("an agent with an HTTP endpoint cannot be interrupted")
        clip = await analyse(utterance.clip)
        wav = await analyse(codecs.encode_wav, clip)
        if mode == "realtime":
            await asyncio.sleep(clip.duration_s)
        t_end = perf_counter()
        outcome = TurnOutcome(t_end=t_end, sent=[SoundPiece(t_end - clip.duration_s, clip)])
        content_type, body = await self._call(wav, outcome)
        came_s = perf_counter()
        if outcome.error is None:
            outcome.turn_s = came_s - t_end
            self._take(content_type, body, outcome, came_s)
        return outcome

    async def _call(self, wav: bytes, outcome: TurnOutcome) -> tuple[str, bytes]:
        agent, shown = self._agent, without_query(self._agent.url)
        file = ("turn.wav", wav, "audio/wav")
        request: dict[str, Any] = {"files": {agent.field: file}, "data": agent.form}
        if not agent.field:
            request = {"content": wav}
        headers = self._headers if agent.field else {**self._headers, "Content-Type": "audio/wav"}
        body = bytearray()
        try:
            async with (
                asyncio.timeout(agent.timeout_s),
                self._client.stream("POST", agent.url, headers=headers, **request) as answer,
            ):
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    outcome.chunks += 1
                    if len(body) > LARGEST_MESSAGE_BYTES:
                        reason = f"{shown}: the response is larger than {LARGEST_MESSAGE_BYTES} bytes"
                        outcome.error = ("reply_too_long", reason)
                        break
        except httpx.ConnectError as error:
            reason = certificate_reason(error) or f"{error}; is the agent running there?"
            raise UnreachableError(f"{shown}: cannot connect: {reason}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NoReplyError(f"{shown}: no answer within {agent.timeout_s:g} s") from error
        except httpx.HTTPError as error:
            reason = str(error) or "the connection ended before the answer"
            raise ConnectionLostError(f"{shown}: {reason}") from error
        if answer.status_code >= 400:
            keys = self._headers.get("Authorization", "").split()[1:]
            reason = without_keys(bytes(body).decode(errors="replace"), keys)[:_REASON_CHARACTERS]
            outcome.error = (f"http_{answer.status_code}", f"{shown}: answered HTTP {answer.status_code}: {reason}")
        return answer.headers.get("content-type", ""), bytes(body)

    def _take(self, content_type: str, body: bytes, outcome: TurnOutcome, came_s: float) -> None:
        """Read the response: audio, or JSON with text and audio."""
        if content_type.startswith("audio/"):
            self._take_sound(body, outcome, came_s)
            return
        agent = self._agent
        try:
            found = httpx.Response(200, content=body).json()
        except ValueError:
            outcome.error = ("bad_reply", f"{without_query(agent.url)}: the response is neither audio/* nor JSON")
            return
        if agent.transcript and (heard := value_at(agent.transcript, found)) is not None:
            outcome.heard, outcome.transcript_s = str(heard), outcome.turn_s
        if agent.reply and (text := value_at(agent.reply, found)) is not None:
            outcome.answer, outcome.reply_text_s = str(text), outcome.turn_s
        if agent.audio and (sound := value_at(agent.audio, found)) is not None:
            try:
                self._take_sound(base64.b64decode(sound, validate=True), outcome, came_s)
            except (binascii.Error, ValueError, TypeError):
                outcome.error = ("bad_reply", f"{agent.audio} in the response is not base64")
        if outcome.answer is None and not outcome.received and outcome.error is None:
            outcome.error = ("empty_reply", f"{without_query(agent.url)}: the response contains no reply")

    def _take_sound(self, sound: bytes, outcome: TurnOutcome, came_s: float) -> None:
        try:
            clip = decoding.decode(sound, source="the reply")
        except InputError as error:
            outcome.error = ("bad_reply", str(error))
            return
        outcome.reply_audio = sound
        outcome.received = [SoundPiece(came_s, clip)]
        outcome.first_audio_s = outcome.turn_s if clip.sound_start_s() is not None else None
