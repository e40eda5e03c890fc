"""Receive one utterance: feed its audio to the recognizer as it arrives."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from server.history import HistoryUnavailableError, TurnRecord
from server.messages import AudioChunk, ErrorCode, Refused
from server.outgoing import PartialTranscription
from server.session.partials import Partials
from server.session.session import ServerSession
from voicelab.audio.clip import Clip
from voicelab.errors import EngineError, VoicelabError
from voicelab.pipeline.turn import Turn
from voicelab.pipeline.turn_events import TurnEvent
from voicelab.vad.barge_in import BargeIn
from voicelab.vad.endpoint import Endpointer

_EARLY_TRIES = 2
"""Answers begun in one pause: the words may change once. A recognizer that keeps changing them is not followed."""


@dataclass(eq=False, repr=False)
class UtteranceReceiver:
    """A turn while it is being received. It opens with the first audio, or with `open` for a typed turn.

    record: the turn for the history. endpointer: gets every partial transcript. is_unannounced: the client does not
    know of the turn yet. fault: an error for `finish` to raise.
    """

    session: ServerSession
    kind: Literal["spoken", "typed"]
    endpointer: Endpointer | None = None

    def __post_init__(self) -> None:
        self.record = TurnRecord(self.kind)
        self.turn_id = self.record.turn_id
        self.turn: Turn | None = None
        self.is_unannounced = False
        self.fault: VoicelabError | None = None
        self._partials: Partials | None = None
        self._early_words: list[str] = []

    async def open(self) -> Turn:
        """Open the turn in the pipeline with the dialogue so far."""
        services, options = self.session.services, self.session.options
        self.turn = Turn(
            services.pipeline, await self.session.dialogue(), reply_format=options.audio_format,
            reply_rate_hz=options.reply_rate_hz, longest_s=services.settings.max_turn_s,
        )  # fmt: skip
        self.record.times, self.record.intervals = self.turn.times, self.turn.intervals
        if "partial_transcription" in options.events or self.endpointer is not None:
            self._partials = Partials(self.turn, self._send_partial, self.endpointer)
        return self.turn

    async def receive(self, chunk: AudioChunk, at_s: float) -> None:
        """Process a chunk that arrived at `at_s` (performance counter). Ignores a chunk without audio.

        Raises InputError when the bytes cannot be decoded, Refused when audio arrives too fast.
        """
        data = chunk.data()
        if not data:
            return
        turn = self.turn or await self.open()
        self.record.audio_bytes_in += len(data)
        heard_s = turn.heard_s
        await turn.receive(data, chunk.format, chunk.rate_hz)
        if self.session.options.mode != "turns":  # the other modes are in real time
            self.session.rate_limiter.add(turn.heard_s - heard_s, at_s)
        self.update_partials()

    async def add(self, clip: Clip) -> None:
        """Process decoded audio (SPEECH_RATE_HZ). Call `update_partials` when the endpointer has classified it."""
        turn = self.turn or await self.open()
        await turn.hear(clip)

    def update_partials(self) -> None:
        """Request a partial transcript, if one is due."""
        if self._partials is not None:
            self._partials.update()

    async def begin_early(self, words: str) -> None:
        """Begin the answer to the words so far; `finish` continues it if they are the transcript."""
        if self.turn is None or words in self._early_words[-1:] or len(self._early_words) == _EARLY_TRIES:
            return
        self._early_words.append(words)
        # `finish` loads the dialogue again, and reports where that fails.
        with suppress(HistoryUnavailableError):
            await self.reload_dialogue()
            await self.turn.begin_early(words)

    async def drop_early(self) -> None:
        """Drop the early answer, because the user continues."""
        if self.turn is not None and self._early_words:
            self._early_words.clear()
            await self.turn.drop_early()

    async def finish(self) -> AsyncGenerator[TurnEvent, None]:
        """Return the events of the answer, after the last audio. Raises Refused when there was no audio."""
        await self.stop_partials()
        if self.fault is not None:
            raise self.fault
        if self.turn is None:
            raise Refused(ErrorCode.NO_AUDIO, "the turn ended without any audio; send some before is_final")
        if self.session.options.mode == "continuous":
            # The turn may have started while the previous one was still being answered.
            await self.reload_dialogue()
        return self.turn.finish()

    async def reload_dialogue(self) -> None:
        """Load the dialogue before this turn again."""
        if self.turn is not None:
            self.turn.dialogue = await self.session.dialogue()

    async def says_something(self) -> bool:
        """Ask the recognizer whether the utterance has a word that is not a backchannel."""
        # A recognizer that fails here also fails at the end of the turn, where the error is reported.
        with suppress(EngineError):
            text = None if self.turn is None else await self.turn.partial()
            return text is not None and BargeIn().says_something(text)
        return False

    async def stop_partials(self) -> None:
        """Stop partial transcripts. None is sent after this returns."""
        if self._partials is not None:
            await self._partials.stop()

    async def close(self) -> None:
        await self.stop_partials()
        if self.turn is not None:
            await self.turn.close()

    async def _send_partial(self, text: str) -> None:
        if self.is_unannounced or "partial_transcription" not in self.session.options.events:
            return
        await self.session.sender.send(PartialTranscription(text=text, **self.session.about(self.turn_id)))
