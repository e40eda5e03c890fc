"""Answer a text: the agent writes the reply, which is synthesized sentence by sentence and encoded."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from voicelab.agent.base import Dialogue
from voicelab.audio.clip import Clip
from voicelab.audio.encoder import ReplyFormat
from voicelab.errors import EngineError
from voicelab.pipeline.pipeline import Pipeline
from voicelab.pipeline.reply_audio import Piece, ReplyAudio
from voicelab.pipeline.reply_text import ReplyText
from voicelab.pipeline.stage_times import StageTimes
from voicelab.pipeline.stopwatch import Stopwatch
from voicelab.pipeline.turn_events import AgentAnswer, SpokenReply, TurnEvent
from voicelab.tts.base import speaks_clauses

_STAGES = ("agent_s", "agent_first_s", "agent_text_s", "tts_first_s", "tts_s", "encode_s", "reply_audio_s")
"""The durations that an answer sets."""


@dataclass(eq=False, repr=False)
class TurnAnswer:
    """An answer. Iterate `events` once; the agent is called when the iteration starts.

    is_held: the agent makes no changes until `release`.
    """

    pipeline: Pipeline
    heard: str
    dialogue: Dialogue
    reply_format: ReplyFormat
    reply_rate_hz: int | None
    is_held: bool = False

    def __post_init__(self) -> None:
        self.text: ReplyText | None = None
        self._times = StageTimes()
        self._watch = Stopwatch()

    async def events(self) -> AsyncGenerator[TurnEvent, None]:
        """Yield one AgentAnswer, and SpokenReply until `last`.

        AgentAnswer follows the completion of the text: before all audio if the agent does not stream, and always before
        the last SpokenReply. Raises EngineError.
        """
        self.text = text = ReplyText(
            self.pipeline.agent, self.heard, self.dialogue,
            clauses=speaks_clauses(self.pipeline.tts.info), is_held=self.is_held,
        )  # fmt: skip
        audio = ReplyAudio(self.pipeline.encoder, self.reply_format, self.reply_rate_hz)
        try:
            async with aclosing(self._speak(text, audio)) as events:
                async for event in events:
                    yield event
        finally:
            await text.close()
            await audio.close()

    async def release(self) -> None:
        """Allow the agent of a held answer to make changes."""
        self.is_held = False
        if self.text is not None:
            await self.text.release()

    def record_in(self, times: StageTimes, watch: Stopwatch) -> None:
        """Move the recorded stages to these objects, and record further stages there."""
        for stage in _STAGES:
            setattr(times, stage, getattr(self._times, stage))
        self._times = times
        self._watch.continue_in(watch)

    async def _speak(self, text: ReplyText, audio: ReplyAudio) -> AsyncGenerator[TurnEvent, None]:
        """Synthesize sentence by sentence; the first is sent before the second is synthesized, or even written."""
        answered = ended = False
        clip: Clip | None = None
        while not ended:
            sentence = await self._next_sentence(text)
            if text.reply is not None and not answered:
                answered = True
                self._times.agent_first_s, self._times.agent_text_s = text.first_s, text.text_s
                yield AgentAnswer(self.heard, text.reply)
            if sentence is not None:
                clip = await self._make_sound(sentence)
                text.script.add(clip.duration_s)
            elif clip is None:
                raise EngineError(self.pipeline.agent.info.name, "its reply contains no words to speak")
            else:
                # The last sentence was synthesized before it was known to be the last.
                clip = clip.between(0, 0)
            # AgentAnswer must precede the last audio.
            ended = text.is_spoken and answered
            async for spoken in self._encode(audio, clip, last=ended):
                yield spoken

    async def _next_sentence(self, text: ReplyText) -> str | None:
        if not text.is_waiting:
            return await text.sentence()
        with self._watch.measure("agent") as lap:
            sentence = await text.sentence()
        self._times.agent_s = (self._times.agent_s or 0.0) + lap.took_s
        return sentence

    async def _make_sound(self, sentence: str) -> Clip:
        with self._watch.measure("tts") as lap:
            clip: Clip = await self.pipeline.tts.call("speak", sentence)
        self._times.tts_s = (self._times.tts_s or 0.0) + lap.took_s
        if self._times.tts_first_s is None:
            self._times.tts_first_s = self._times.tts_s
        return clip

    async def _encode(self, audio: ReplyAudio, clip: Clip, *, last: bool) -> AsyncGenerator[SpokenReply, None]:
        for part, ends in audio.parts(clip, last=last):
            with self._watch.measure("encode") as lap:
                piece = await audio.encode(part, last=ends)
            self._times.encode_s = (self._times.encode_s or 0.0) + lap.took_s
            self._times.reply_audio_s = audio.duration_s
            for spoken in _chunks(piece, last=ends):
                yield spoken


def _chunks(piece: Piece, *, last: bool) -> Iterator[SpokenReply]:
    """Yield the chunks of a piece with positions that assume equal durations; last: the piece ends the reply."""
    count = len(piece.chunks)
    for number, data in enumerate(piece.chunks, start=1):
        ends_s = piece.starts_s + (piece.ends_s - piece.starts_s) * number / count
        yield SpokenReply(data, last and number == count, piece.starts_s, ends_s)
