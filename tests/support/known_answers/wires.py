"""The agent's side of the protocols over WebSockets."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from tests.support.known_answers.call import Incoming
from voicelab.audio.clip import Clip
from voicelab.audio.opus import OggOpusWriter
from voicelab.audio.pipecat_frames import decode_frame, encode_frame
from voicelab.targets.openai_realtime import BETA_NAMES
from voicelab.targets.phone_dialects import phone_dialects
from voicelab.targets.realtime_session import FORMATS
from voicelab.targets.streaming.events import Frame
from voicelab.targets.streaming.sound import SoundDecoder, SoundEncoder

_TO_BETA = {ga: beta for beta, ga in BETA_NAMES.items()}


class RealtimeAgentWire:
    """OpenAI Realtime. encoding: pcm16, mulaw or alaw; beta: the names of the beta protocol."""

    def __init__(self, encoding: str = "pcm16", *, beta: bool = False) -> None:
        self._beta = beta
        form = FORMATS[encoding]
        self.rate_hz = form.rate_hz
        self._encoder, self._decoder = SoundEncoder(form), SoundDecoder(form)
        self._session = {"type": "realtime", "model": "test", "output_modalities": ["audio"]}
        self._number = 0

    def hello(self) -> Sequence[Frame]:
        return [self._event("session.created", session=self._session)]

    def read(self, message: Frame) -> Incoming:
        event = json.loads(message)
        if event["type"] == "input_audio_buffer.append":
            return Incoming(self._decoder.decode(base64.b64decode(event["audio"])))
        if event["type"] == "session.update":
            return Incoming(answers=(self._event("session.updated", session=self._session),))
        return Incoming()

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        user, agent = {"item_id": "item_user", "content_index": 0}, self._place()
        name = "conversation.item.input_audio_transcription"
        usage = {"type": "duration", "seconds": 1.0}
        return [
            self._event(f"{name}.delta", delta=heard[:5], logprobs=None, **user),
            self._event(f"{name}.completed", transcript=heard, usage=usage, **user),
            self._event("response.created", response={"id": "resp_1", "object": "realtime.response"}),
            self._event("response.output_audio_transcript.delta", delta=answer, **agent),
            self._event("response.output_audio_transcript.done", transcript=answer, **agent),
        ]

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        sound = [base64.b64encode(self._encoder.encode(clip)).decode() for clip in clips]
        return [self._event("response.output_audio.delta", delta=one, **self._place()) for one in sound]

    def end(self) -> Sequence[Frame]:
        return [self._event("response.done", response={"id": "resp_1", "status": "completed", "output": []})]

    def interrupted(self) -> Sequence[Frame]:
        return [self._event("input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_user_2")]

    def _place(self) -> dict[str, Any]:
        return {"item_id": "item_agent", "content_index": 0, "output_index": 0, "response_id": "resp_1"}

    def _event(self, name: str, **fields: Any) -> str:
        self._number += 1
        name = _TO_BETA.get(name, name) if self._beta else name
        return json.dumps({"type": name, "event_id": f"event_{self._number}", **fields})


class RTVIAgentWire:
    """A pipecat bot. protobuf: pipecat's frames instead of JSON."""

    rate_hz = 24_000

    def __init__(self, *, protobuf: bool) -> None:
        self._protobuf = protobuf

    def hello(self) -> Sequence[Frame]:
        return ()

    def read(self, message: Frame) -> Incoming:
        if isinstance(message, bytes):
            kind, fields = decode_frame(message)
            if kind == "audio":
                return Incoming(Clip.from_pcm16(fields["audio"], fields["sample_rate"]))
            message = fields["data"]
        found = json.loads(message)
        if found["type"] == "client-ready":
            return Incoming(answers=(self._message("bot-ready", version="2.0.0"),))
        if found["type"] == "raw-audio":
            sound = base64.b64decode(found["data"]["base64Audio"])
            return Incoming(Clip.from_pcm16(sound, found["data"]["sampleRate"]))
        return Incoming()

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        return [
            self._message("user-transcription", text=heard[:5], final=False),
            self._message("user-transcription", text=heard, final=True),
            self._message("bot-transcription", text=answer),
            self._message("bot-started-speaking"),
        ]

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        return [self._sound(clip.to_pcm16()) for clip in clips]

    def end(self) -> Sequence[Frame]:
        return [self._message("bot-stopped-speaking")]

    def interrupted(self) -> Sequence[Frame]:
        return [encode_frame("interruption") if self._protobuf else self._message("bot-interrupted")]

    def _sound(self, pcm: bytes) -> Frame:
        if self._protobuf:
            return encode_frame("audio", audio=pcm, sample_rate=self.rate_hz, num_channels=1)
        coded = base64.b64encode(pcm).decode()
        return self._message("bot-tts-audio", audio=coded, sample_rate=self.rate_hz, num_channels=1)

    def _message(self, kind: str, **data: Any) -> Frame:
        text = json.dumps({"label": "rtvi-ai", "type": kind, "id": kind, "data": data})
        return encode_frame("message", data=text) if self._protobuf else text


class PhoneAgentWire:
    """A phone agent in one dialect, without texts and end marks."""

    def __init__(self, dialect: str) -> None:
        self._dialect = phone_dialects()[dialect]
        form = self._dialect.sound.form
        self.rate_hz = form.rate_hz
        self._encoder, self._decoder = SoundEncoder(form), SoundDecoder(form)

    def hello(self) -> Sequence[Frame]:
        return ()

    def read(self, message: Frame) -> Incoming:
        if isinstance(message, bytes):
            return Incoming(self._decoder.decode(message))
        found = json.loads(message)
        if found.get("event") != "media":
            return Incoming()
        return Incoming(self._decoder.decode(base64.b64decode(found["media"]["payload"])))

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        return ()

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        sounds = [self._encoder.encode(clip) for clip in clips]
        if self._dialect.plays is None:
            return sounds
        coded = [base64.b64encode(sound).decode() for sound in sounds]
        return [json.dumps({"event": self._dialect.plays, "media": {"payload": one}}) for one in coded]

    def end(self) -> Sequence[Frame]:
        return ()

    def interrupted(self) -> Sequence[Frame]:
        return [json.dumps({self._dialect.kind: self._dialect.clears})]


class ChirpAgentWire:
    """Raw PCM in binary messages, for the shipped map `chirp`."""

    rate_hz = 16_000

    def hello(self) -> Sequence[Frame]:
        return ()

    def read(self, message: Frame) -> Incoming:
        return Incoming(Clip.from_pcm16(message, self.rate_hz)) if isinstance(message, bytes) else Incoming()

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        texts = (("user", heard), ("agent", answer))
        return [json.dumps({"type": "transcript", "role": role, "text": text, "final": True}) for role, text in texts]

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        return [clip.to_pcm16() for clip in clips]

    def end(self) -> Sequence[Frame]:
        return ()

    def interrupted(self) -> Sequence[Frame]:
        return [json.dumps({"type": "clear"})]


class VoicelabAgentWire:
    """voicelab's own protocol: Ogg Opus replies, or 16-bit samples, as requested by `init`."""

    rate_hz = 24_000

    def __init__(self, *, plain: bool = False) -> None:
        self._writer: OggOpusWriter | None = None
        self._plain = plain

    def hello(self) -> Sequence[Frame]:
        return ()

    def read(self, message: Frame) -> Incoming:
        found = json.loads(message)
        data = found["data"]
        if found["event"] == "init":
            return Incoming(answers=(self._event("session_start", user_id="caller"),))
        if found["event"] != "audio_chunk":
            return Incoming()
        sound = base64.b64decode(data["audio_chunk"])
        return Incoming(Clip.from_pcm16(sound, data["sample_rate"]), ends=bool(data["is_final"]))

    def texts(self, heard: str, answer: str) -> Sequence[Frame]:
        claims: dict[str, Any] = {"intent": None, "entities": []}
        return [self._event("transcription", text=heard), self._event("agent_response", text=answer, **claims)]

    def pieces(self, clips: Sequence[Clip]) -> Sequence[Frame]:
        if self._plain:
            return [self._chunk(clip.to_pcm16()) for clip in clips]
        self._writer = OggOpusWriter(self.rate_hz)
        return [self._chunk(self._writer.feed(clip)) for clip in clips]

    def end(self) -> Sequence[Frame]:
        rest = self._writer.close() if self._writer is not None else b""
        self._writer = None
        return [self._chunk(rest, is_final=True)]

    def interrupted(self) -> Sequence[Frame]:
        return ()

    def _chunk(self, data: bytes, *, is_final: bool = False) -> str:
        coded = base64.b64encode(data).decode()
        return self._event("audio_chunk", audio_chunk=coded, format="opus", is_final=is_final)

    def _event(self, event: str, **data: Any) -> str:
        return json.dumps({"event": event, "data": {**data, "session_id": "known"}})
