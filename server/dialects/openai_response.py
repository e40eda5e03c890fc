"""The event sequence of a response in OpenAI's Realtime API, from `response.created` to `response.done`."""

from typing import Any

from server.dialects.base import Frame, new_id, write_json
from server.dialects.openai_session import RealtimeSession
from server.messages import ErrorCode
from server.outgoing import AgentResponse, ErrorEvent, ReplyChunk

_SERVER_FAULTS = (ErrorCode.ENGINE_FAILED, ErrorCode.HISTORY_UNAVAILABLE, ErrorCode.INTERNAL_ERROR)


class ResponseWriter:
    """Writer of the responses of a connection, one after another.

    cancel_reason: the reason to report for the next cancelled response.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.cancel_reason = "turn_detected"
        self.item_id: str | None = None
        self._id = ""
        self._turn_id: str | None = None
        self._text = ""
        self._session: RealtimeSession | None = None

    def turn_of(self, item_id: str) -> str | None:
        """Return the id of the turn whose reply is this item; None unless it is the latest reply."""
        return self._turn_id if item_id == self.item_id else None

    def write(self, event: AgentResponse | ReplyChunk, session: RealtimeSession, before: str | None) -> list[Frame]:
        """Return the frames for a part of a reply. before: id of the previous item."""
        frames = [] if self.is_open else self._open(event.turn_id, session, before)
        if isinstance(event, AgentResponse):
            self._text = event.text
            return [*frames, self._part("response.output_audio_transcript.delta", delta=event.text)]
        if event.audio_chunk:
            frames.append(self._part("response.output_audio.delta", delta=event.audio_chunk))
        return [*frames, *self._close("completed")] if event.is_final else frames

    def cancel(self, said: str | None) -> list[Frame]:
        """End an open response as cancelled. said: the part of the reply that the user heard."""
        if not self.is_open:
            return []
        self._text = said if said is not None else self._text
        return self._close("cancelled", {"type": "cancelled", "reason": self.cancel_reason})

    def fail(self, event: ErrorEvent) -> list[Frame]:
        """End an open response as failed."""
        if not self.is_open:
            return []
        error = {"type": _kind(event.code), "code": str(event.code)}
        return self._close("failed", {"type": "failed", "error": error})

    def _open(self, turn_id: str | None, session: RealtimeSession, before: str | None) -> list[Frame]:
        self.is_open, self._id, self.item_id = True, new_id("resp"), new_id("item")
        self._turn_id, self._text, self._session = turn_id, "", session
        item = self._item("in_progress", with_content=False)
        return [
            event_frame("response.created", response=self._response("in_progress")),
            event_frame("response.output_item.added", response_id=self._id, output_index=0, item=item),
            event_frame("conversation.item.added", item=item, previous_item_id=before),
            self._part("response.content_part.added", part={"type": "audio", "transcript": ""}),
        ]

    def _close(self, status: str, details: dict[str, Any] | None = None) -> list[Frame]:
        self.is_open = False
        item = self._item("completed" if status == "completed" else "incomplete", with_content=True)
        return [
            self._part("response.output_audio.done"),
            self._part("response.output_audio_transcript.done", transcript=self._text),
            self._part("response.content_part.done", part={"type": "audio", "transcript": self._text}),
            event_frame("response.output_item.done", response_id=self._id, output_index=0, item=item),
            event_frame("conversation.item.done", item=item),
            event_frame("response.done", response=self._response(status, details, [item])),
        ]

    def _item(self, status: str, *, with_content: bool) -> dict[str, Any]:
        about = {"id": self.item_id, "object": "realtime.item", "type": "message", "role": "assistant"}
        content = [{"type": "output_audio", "transcript": self._text}] if with_content else []
        return {**about, "status": status, "content": content}

    def _response(
        self, status: str, details: dict[str, Any] | None = None, output: list[dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        assert self._session is not None
        sound = {"output": {"format": self._session.output_format.view(), "voice": "default"}}
        about = {"id": self._id, "object": "realtime.response", "status": status, "status_details": details}
        return {**about, "output": output or [], "output_modalities": ["audio"], "audio": sound}

    def _part(self, kind: str, **fields: Any) -> str:
        where = {"response_id": self._id, "item_id": self.item_id, "output_index": 0, "content_index": 0}
        return event_frame(kind, **where, **fields)


def event_frame(kind: str, **fields: Any) -> str:
    """Return a server event as a text frame, with a new event id."""
    return write_json({"type": kind, "event_id": new_id("event"), **fields})


def problem(code: ErrorCode, message: str, event_id: str | None = None) -> str:
    """Return an `error` event. event_id: the client event that caused it."""
    error = {"type": _kind(code), "code": str(code), "message": message, "param": None, "event_id": event_id}
    return event_frame("error", error=error)


def _kind(code: ErrorCode) -> str:
    return "server_error" if code in _SERVER_FAULTS else "invalid_request_error"
