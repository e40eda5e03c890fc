"""OpenAI's Realtime API (GA event names).

Source: openai.types.realtime of the `openai` package. The server's own agent answers, so the client's instructions and
tools have no effect; `session.updated` shows the effective settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server import outgoing
from server.dialects.base import Frame, Received, created, new_id
from server.dialects.openai_response import ResponseWriter, event_frame, problem
from server.dialects.openai_session import RealtimeSession, updated
from server.frames import FrameLimits, read_json
from server.messages import AudioChunk, ErrorCode, Init, Interrupt, Mode, Notice, Refused, TypedText

SUBPROTOCOL = "realtime"


@dataclass(slots=True)
class _UserTurn:
    """The user's current turn. item_id: its conversation item. started_s, seconds: start and length of its audio."""

    item_id: str = field(default_factory=lambda: new_id("item"))
    started_s: float = 0.0
    seconds: float = 0.0


class OpenAIRealtimeDialect:
    """Translator of one connection. The session starts, with the formats set so far, at the first audio or text."""

    def __init__(self, limits: FrameLimits, model: str = "") -> None:
        self._limits = limits
        self._session = RealtimeSession(model=model[:200] or "voicelab")
        self._has_begun = False
        self._user_turn = _UserTurn()
        self._has_sound = False
        self._is_committed = False
        self._typed: TypedText | None = None
        self._response = ResponseWriter()
        self._last_item: str | None = None

    def opening(self) -> Sequence[Frame]:
        return (event_frame("session.created", session=self._session.view()),)

    # From the client.

    def read(self, frame: Frame) -> Received:
        message = read_json(frame, self._limits, "audio")
        try:
            return self._take(message)
        except Refused as refusal:
            number = message.get("event_id")
            event_id = number if isinstance(number, str) else None
            return Received(answers=(problem(refusal.code, refusal.message, event_id),))

    def _take(self, message: dict[str, Any]) -> Received:
        match message.get("type"):
            case "session.update":
                return self._update(message)
            case "input_audio_buffer.append":
                return self._append(message)
            case "input_audio_buffer.commit":
                return self._commit()
            case "input_audio_buffer.clear":
                return self._clear()
            case "conversation.item.create":
                return self._create_item(message)
            case "conversation.item.truncate":
                return self._truncate(message)
            case "response.create":
                return self._create_response()
            case "response.cancel":
                self._check(self._response.is_open, "response.cancel: no response is in progress")
                self._response.cancel_reason = "client_cancelled"
                return Received((Interrupt(),))
            case kind:
                raise Refused(ErrorCode.UNKNOWN_EVENT, f"this server does not support the event {str(kind)[:60]!r}")

    def _update(self, message: dict[str, Any]) -> Received:
        session = updated(self._session, message.get("session"))
        self._check(
            not self._has_begun or session.wire == self._session.wire,
            "session.update: formats and turn_detection cannot change after the first audio or text; connect again",
        )
        self._session = session
        return Received(answers=(event_frame("session.updated", session=session.view()),))

    def _append(self, message: dict[str, Any]) -> Received:
        chunk = self._chunk(message.get("audio"), is_final=False)
        self._has_sound = True
        self._user_turn.seconds += len(chunk.audio_chunk) * 3 / 4 / self._session.input_format.bytes_per_s
        return Received((*self._begin(), chunk))

    def _commit(self) -> Received:
        self._check(self._has_sound, "input_audio_buffer.commit: the buffer is empty; append audio first")
        self._has_sound = False
        if self._session.detects_turns:
            return Received((self._chunk("", is_final=True),))
        self._is_committed = True
        return Received(answers=tuple(self._committed()))

    def _clear(self) -> Received:
        self._check(
            not self._has_sound or self._session.detects_turns,
            "input_audio_buffer.clear: audio is recognized as it arrives and cannot be cleared; commit it instead",
        )
        return Received(answers=(event_frame("input_audio_buffer.cleared"),))

    def _create_item(self, message: dict[str, Any]) -> Received:
        item = message.get("item")
        content = item.get("content") if isinstance(item, dict) and item.get("role") == "user" else None
        parts = content if isinstance(content, list) else []
        text = " ".join(str(one.get("text", "")) for one in parts if isinstance(one, dict))
        wanted = 'expected {"type": "message", "role": "user", "content": [{"type": "input_text", "text": …}]}'
        self._typed = created(TypedText, f"conversation.item.create: {wanted}", text=text)
        number = item.get("id") if isinstance(item, dict) else None
        item_id = number if isinstance(number, str) else new_id("item")
        view = _user_item(item_id, [{"type": "input_text", "text": self._typed.text}])
        return Received(answers=tuple(self._added(view)))

    def _truncate(self, message: dict[str, Any]) -> Received:
        item_id, played_ms = message.get("item_id"), message.get("audio_end_ms")
        good = isinstance(item_id, str) and isinstance(played_ms, int) and played_ms >= 0
        self._check(good, "conversation.item.truncate: expected item_id and audio_end_ms, 0 or more")
        answer = event_frame("conversation.item.truncated", item_id=item_id, content_index=0, audio_end_ms=played_ms)
        turn_id = self._response.turn_of(str(item_id))
        if turn_id is None:
            return Received(answers=(answer,))
        return Received((Interrupt(turn_id=turn_id, played_s=played_ms / 1000),), (answer,))  # type: ignore[operator]

    def _create_response(self) -> Received:
        if self._typed is not None:
            typed, self._typed = self._typed, None
            return Received((*self._begin(), typed))
        self._check(
            self._is_committed, "response.create: there is nothing to answer; commit audio or add a text item first"
        )
        self._is_committed = False
        return Received((self._chunk("", is_final=True),))

    def _begin(self) -> tuple[Init, ...]:
        if self._has_begun:
            return ()
        self._has_begun = True
        reply = self._session.output_format
        notices: list[Notice] = ["speech_started", "speech_stopped"]
        mode: Mode = "continuous" if self._session.detects_turns else "turns"
        form: dict[str, Any] = {"audio_format": reply.name, "sample_rate": reply.rate_hz}
        return (Init(mode=mode, turn_ids=True, events=notices, paced=True, **form),)

    def _chunk(self, audio: Any, *, is_final: bool) -> AudioChunk:
        form = self._session.input_format
        refusal = "input_audio_buffer.append: audio is missing or invalid; send base64"
        about = {"is_final": is_final, "format": form.name, "sample_rate": form.rate_hz}
        return created(AudioChunk, refusal, audio_chunk=audio, **about)

    @staticmethod
    def _check(holds: bool, message: str) -> None:
        if not holds:
            raise Refused(ErrorCode.BAD_MESSAGE, message)

    # To the client.

    def write(self, event: outgoing.ServerEvent) -> Sequence[Frame]:
        match event:
            case outgoing.SpeechStarted():
                self._user_turn = _UserTurn(started_s=event.at_s)
                self._response.cancel_reason = "turn_detected"
                where = {"audio_start_ms": round(1000 * event.at_s), "item_id": self._user_turn.item_id}
                return [event_frame("input_audio_buffer.speech_started", **where)]
            case outgoing.SpeechStopped():
                self._user_turn.seconds = event.at_s - self._user_turn.started_s
                where = {"audio_end_ms": round(1000 * event.at_s), "item_id": self._user_turn.item_id}
                return [event_frame("input_audio_buffer.speech_stopped", **where), *self._committed()]
            case outgoing.Transcription():
                return self._transcribed(event.text)
            case outgoing.AgentResponse() | outgoing.ReplyChunk():
                frames = self._response.write(event, self._session, self._last_item)
                self._last_item = self._response.item_id
                return frames
            case outgoing.Interrupted():
                return self._response.cancel(event.said)
            case outgoing.ErrorEvent():
                return [*self._response.fail(event), problem(event.code, event.message)]
            case _:
                return []

    def _committed(self) -> list[Frame]:
        item_id = self._user_turn.item_id
        committed = event_frame("input_audio_buffer.committed", item_id=item_id, previous_item_id=self._last_item)
        return [committed, *self._added(_user_item(item_id, [{"type": "input_audio", "transcript": None}]))]

    def _added(self, item: dict[str, Any]) -> list[Frame]:
        before, self._last_item = self._last_item, item["id"]
        return [
            event_frame("conversation.item.added", item=item, previous_item_id=before),
            event_frame("conversation.item.done", item=item, previous_item_id=before),
        ]

    def _transcribed(self, text: str) -> list[Frame]:
        turn, self._user_turn = self._user_turn, _UserTurn()
        usage = {"type": "duration", "seconds": round(turn.seconds, 3)}
        where = {"item_id": turn.item_id, "content_index": 0}
        return [
            event_frame("conversation.item.input_audio_transcription.completed", **where, transcript=text, usage=usage)
        ]


def _user_item(number: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    about = {"id": number, "object": "realtime.item", "type": "message", "status": "completed", "role": "user"}
    return {**about, "content": content}
