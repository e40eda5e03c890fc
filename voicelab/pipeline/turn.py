"""One spoken turn: recognition, answer and synthesis, with timing per stage. Shared by server and in-process runs."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from voicelab.agent.base import Dialogue, Reply
from voicelab.asr.base import Transcript
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.encoder import ReplyFormat
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError, NoSpeechError
from voicelab.pipeline.answer import TurnAnswer
from voicelab.pipeline.early_answer import EarlyAnswer
from voicelab.pipeline.pipeline import Pipeline
from voicelab.pipeline.recognition import feed
from voicelab.pipeline.reply_text import ReplyText
from voicelab.pipeline.stage_times import StageTimes
from voicelab.pipeline.stopwatch import Stopwatch, TimeSpan
from voicelab.pipeline.turn_events import Recognition, TurnEvent

LONGEST_TURN_S = 120.0


@dataclass(eq=False, repr=False)
class Turn:
    """One turn. Call `receive` for the audio, then iterate `finish` (or `answer` for a typed turn); always call
    `close`.

    dialogue: the conversation so far, read when the agent is called. longest_s: maximum duration of the turn.
    reply_rate_hz: sample rate of raw reply formats.
    """

    pipeline: Pipeline
    dialogue: Dialogue
    reply_format: ReplyFormat = "opus"
    reply_rate_hz: int | None = None
    longest_s: float = LONGEST_TURN_S

    def __post_init__(self) -> None:
        self.times = StageTimes()
        self._watch = Stopwatch()
        self._answer: TurnAnswer | None = None
        self._early: EarlyAnswer | None = None
        self._audio = IncomingAudio(longest_s=self.longest_s)
        self._utterance = self.pipeline.asr.stream()

    async def receive(self, data: bytes, form: str = "opus", sample_rate_hz: int = SPEECH_RATE_HZ) -> None:
        """Process one chunk of the request; recognition runs while the next chunk arrives.

        Raises InputError for bytes that are not valid audio.
        """
        # Only the work on the last chunk delays the reply.
        self._watch.intervals.clear()
        with self._watch.measure("decode") as lap:
            clip = self._audio.feed(data, form, sample_rate_hz)
        self.times.decode_s = lap.took_s
        await self._hear(clip)

    async def hear(self, clip: Clip) -> None:
        """Process decoded audio (at SPEECH_RATE_HZ). Raises TurnTooLongError like `receive`."""
        await self._hear(self._audio.add(clip))

    @property
    def intervals(self) -> list[TimeSpan]:
        """Active spans of decode, asr, agent, tts and encode since the last chunk; grows while they run."""
        return self._watch.intervals

    @property
    def heard_s(self) -> float:
        """Seconds of audio decoded so far."""
        return self._audio.duration_s

    async def partial(self) -> str | None:
        """Return the preliminary transcript; None if the recognizer has none. It may still change."""
        text: str | None = await self._utterance.call("partial") if self.heard_s else None
        return text

    async def finish(self) -> AsyncGenerator[TurnEvent, None]:
        """End the request: yield Recognition, then the events of `answer`.

        Raises InputError (undecodable audio), NoSpeechError, EngineError.
        """
        finish = self._audio.finish
        with self._watch.measure("decode") as lap:
            clip = await self.pipeline.turn_ends.run(finish) if self._audio.is_container else finish()
        self.times.decode_s = (self.times.decode_s or 0.0) + lap.took_s
        self.times.audio_s, self.times.undecoded_s = self._audio.duration_s, self._audio.undecoded_s
        if not self.times.audio_s:
            raise InputError("the turn contains no audio")
        with self._watch.measure("asr") as lap:
            await self._hear(clip)
            transcript: Transcript = await self._utterance.call("finish")
        self.times.asr_s = lap.took_s
        self.times.asr_busy_s = self._utterance.busy_s
        if not transcript.text.strip():
            raise NoSpeechError("no speech was recognized in the audio; speak louder or check the microphone")
        yield Recognition(transcript)
        async with aclosing(self.answer(transcript.text)) as events:
            async for event in events:
                yield event

    async def begin_early(self, heard: str) -> None:
        """Start to answer the likely final text of the turn; `finish` continues if its transcript is the same.

        The agent makes no changes until then. An answer to another text or another dialogue is dropped.
        """
        if self._early is not None and self._early.fits(heard, self.dialogue):
            return
        await self.drop_early()
        self._early = EarlyAnswer(self._new_answer(heard, is_held=True))

    async def drop_early(self) -> None:
        """Cancel the answer that `begin_early` started."""
        early, self._early = self._early, None
        if early is not None:
            await early.drop()

    async def answer(self, heard: str) -> AsyncGenerator[TurnEvent, None]:
        """Answer a text, with the events of `TurnAnswer.events`. Raises EngineError."""
        early = self._early
        if early is not None and early.fits(heard, self.dialogue):
            self._early, self._answer = None, early.answer
            source = early.go_on()
        else:
            await self.drop_early()
            self._answer = self._new_answer(heard)
            source = self._answer.events()
        self._answer.record_in(self.times, self._watch)
        async with aclosing(source) as events:
            async for event in events:
                yield event

    async def reply(self, heard: str) -> Reply:
        """Answer a text without synthesis. Raises EngineError."""
        text = ReplyText(self.pipeline.agent, heard, self.dialogue)
        try:
            with self._watch.measure("agent") as lap:
                reply = await text.whole()
        finally:
            await text.close()
        self.times.agent_s, self.times.agent_first_s, self.times.agent_text_s = lap.took_s, text.first_s, text.text_s
        return reply

    @property
    def reply_so_far(self) -> Reply | None:
        """The agent's text and actions so far, or None."""
        text = self._answer.text if self._answer is not None else None
        return text.so_far if text is not None else None

    def played_text(self, heard_s: float) -> str:
        """Return the start of the reply that is played in its first heard_s seconds."""
        text = self._answer.text if self._answer is not None else None
        return text.script.heard(heard_s) if text is not None else ""

    def _new_answer(self, heard: str, *, is_held: bool = False) -> TurnAnswer:
        return TurnAnswer(
            self.pipeline, heard, self.dialogue,
            reply_format=self.reply_format, reply_rate_hz=self.reply_rate_hz, is_held=is_held,
        )  # fmt: skip

    async def _hear(self, clip: Clip | None) -> None:
        if clip is not None:
            await feed(self._utterance, clip)

    async def close(self) -> None:
        """Release the recognizer's state for this turn, and cancel an answer that was started early."""
        await self.drop_early()
        self._audio.close()
        await self._utterance.close()
