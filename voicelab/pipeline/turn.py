"""One spoken turn: heard -> answered -> spoken, with an instant per stage. The server and in-process runs share it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from math import ceil
from typing import Self

from voicelab.agent.base import Dialogue, Reply
from voicelab.agent.catalog import AGENTS
from voicelab.asr.base import Transcript
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.encoder import ReplyFormat
from voicelab.audio.incoming import IncomingAudio
from voicelab.engines.pool.pool import ENGINE_LIMIT_S, ENGINE_WAIT_S, EnginePool
from voicelab.engines.pool.work_pool import WorkPool
from voicelab.engines.spec import EngineInfo, Isolation
from voicelab.errors import EngineError, InputError, NoSpeechError
from voicelab.pipeline.reply_audio import Piece, ReplyAudio, encoder_host
from voicelab.pipeline.reply_text import ReplyText
from voicelab.pipeline.stopwatch import Stopwatch, TimeSpan
from voicelab.tts.base import speaks_clauses
from voicelab.tts.catalog import VOICES

LONGEST_TURN_S = 120.0
_PIECE_S = 10
_TURN_END_THREADS = 64
"""Each of these threads only waits for the decoder of one turn, so there are many more of them than cores: with one
for each core, a few turns that take long to decode would keep all others waiting."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A recognizer, an agent, a voice, and what encodes its replies, loaded.

    turn_ends: where the end of a turn in a container is waited for.
    """

    asr: EnginePool
    agent: EnginePool
    tts: EnginePool
    encoder: EnginePool
    turn_ends: WorkPool

    @classmethod
    async def open(
        cls,
        asr: str,
        agent: str,
        tts: str,
        *,
        asr_workers: int | None = None,
        engine_limit_s: float = ENGINE_LIMIT_S,
        engine_wait_s: float = ENGINE_WAIT_S,
        encoder_in: Isolation = "thread",
    ) -> Self:
        """Check all three names first, then load all at once; nothing stays behind when one of them fails.

        encoder_in: "process" where many replies are encoded while the event loop has other work.
        """
        hosts = (
            EnginePool(RECOGNIZERS.config(asr), asr_workers, limit_s=engine_limit_s, wait_s=engine_wait_s),
            EnginePool(AGENTS.config(agent), limit_s=engine_limit_s),
            EnginePool(VOICES.config(tts), limit_s=engine_limit_s),
            encoder_host(encoder_in, engine_limit_s),
        )
        results = await asyncio.gather(*(host.open() for host in hosts), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            await asyncio.gather(*(host.close() for host in hosts))
            raise failures[0]
        return cls(*hosts, WorkPool("turn-ends", _TURN_END_THREADS))

    @property
    def hosts(self) -> tuple[EnginePool, EnginePool, EnginePool, EnginePool]:
        """All that must be ready for a turn."""
        return self.asr, self.agent, self.tts, self.encoder

    @property
    def engines(self) -> tuple[EngineInfo, EngineInfo, EngineInfo]:
        return self.asr.info, self.agent.info, self.tts.info

    async def close(self) -> None:
        self.turn_ends.close()
        await asyncio.gather(*(host.close() for host in self.hosts))


@dataclass(slots=True)
class StageTimes:
    """Seconds that each stage of a turn took; None for a stage that was not reached.

    decode_s, asr_s, agent_s, tts_s and encode_s lie one after the other between the last byte of the request and the
    last byte of the reply.

    decode_s: last chunk in -> sound. asr_s: -> transcript. agent_s: the time the reply waited for the agent, until its
    first sentence and wherever speaking waited for more; all of the agent's time where it gives its reply whole.
    agent_first_s, agent_text_s: until the first sentence and until all of the text was written; for an agent that
    streams, these overlap with the stages that follow. tts_first_s: the first part of the text that is spoken, a
    sentence or its opening clause; tts_s: all parts. encode_s: all of the reply's encoding. asr_busy_s: the
    recognizer's own work, with what it did while sound was still coming. audio_s, reply_audio_s: how long the request
    and the reply sound; a request of Opus packets counts whole packets, so up to 20 ms of padding at its end.
    undecoded_s: seconds of the request that were damaged and could not be decoded, beside audio_s.
    """

    audio_s: float | None = None
    undecoded_s: float | None = None
    decode_s: float | None = None
    asr_s: float | None = None
    asr_busy_s: float | None = None
    agent_s: float | None = None
    agent_first_s: float | None = None
    agent_text_s: float | None = None
    tts_first_s: float | None = None
    tts_s: float | None = None
    encode_s: float | None = None
    reply_audio_s: float | None = None


@dataclass(frozen=True, slots=True)
class Recognition:
    """The request as text."""

    transcript: Transcript


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """The agent's reply, once all of its text is written; nothing of it is carried out yet."""

    heard: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class SpokenReply:
    """One chunk of the reply's audio; `last` on exactly the final one. starts_s, ends_s: its sound, in the reply."""

    data: bytes
    last: bool
    starts_s: float
    ends_s: float


TurnEvent = Recognition | AgentAnswer | SpokenReply


class Turn:
    """Feed it with `receive`, then iterate `finish` (or `answer` for a typed turn); `close` it in any case.

    dialogue: what was said before, looked at when the answer is sought. longest_s: the most sound that one turn may
    hold. reply_rate_hz: of replies in formats that are samples.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        dialogue: Dialogue,
        *,
        reply_format: ReplyFormat = "opus",
        reply_rate_hz: int | None = None,
        longest_s: float = LONGEST_TURN_S,
    ) -> None:
        self.times = StageTimes()
        self._watch = Stopwatch()
        self._text: ReplyText | None = None
        self._pipeline = pipeline
        self.dialogue = dialogue
        self._reply_format: ReplyFormat = reply_format
        self._reply_rate_hz = reply_rate_hz
        self._audio = IncomingAudio(longest_s=longest_s)
        self._utterance = pipeline.asr.stream()
        self._has_sound = False

    async def receive(self, data: bytes, form: str = "opus", sample_rate_hz: int = SPEECH_RATE_HZ) -> None:
        """Take one chunk of the request; the recognizer works on it while the next is on its way.

        Raises InputError when the bytes cannot be sound.
        """
        # Only what is done for the last chunk keeps the speaker waiting.
        self._watch.intervals.clear()
        with self._watch.measure("decode") as lap:
            clip = self._audio.feed(data, form, sample_rate_hz)
        self.times.decode_s = lap.took_s
        await self._hear(clip)

    async def hear(self, clip: Clip) -> None:
        """Take sound (SPEECH_RATE_HZ) that was decoded before; TurnTooLongError as `receive`."""
        await self._hear(self._audio.add(clip))

    @property
    def intervals(self) -> list[TimeSpan]:
        """When decode, asr, agent, tts and encode were at work since the last chunk came; filled in as they are."""
        return self._watch.intervals

    @property
    def heard_s(self) -> float:
        """How many seconds of sound have been decoded so far."""
        return self._audio.duration_s

    async def partial(self) -> str | None:
        """What the recognizer has heard so far; None when it cannot tell, or nothing was begun. It may still change."""
        text: str | None = await self._utterance.call("partial") if self.heard_s else None
        return text

    async def finish(self) -> AsyncGenerator[TurnEvent, None]:
        """The request is complete: yield Recognition, then as `answer` does.

        Raises InputError (undecodable audio), NoSpeechError, EngineError.
        """
        finish = self._audio.finish
        with self._watch.measure("decode") as lap:
            clip = await self._pipeline.turn_ends.run(finish) if self._audio.is_container else finish()
        self.times.decode_s = (self.times.decode_s or 0.0) + lap.took_s
        self.times.audio_s, self.times.undecoded_s = self._audio.duration_s, self._audio.undecoded_s
        if not self.times.audio_s:
            raise InputError("the turn ended with no audio in it")
        with self._watch.measure("asr") as lap:
            await self._hear(clip)
            transcript: Transcript = await self._utterance.call("finish")
        self.times.asr_s = lap.took_s
        self.times.asr_busy_s = self._utterance.busy_s
        if not transcript.text.strip():
            raise NoSpeechError("nothing was heard in the audio; speak louder or check the microphone")
        yield Recognition(transcript)
        async with aclosing(self.answer(transcript.text)) as events:
            async for event in events:
                yield event

    async def answer(self, heard: str) -> AsyncGenerator[TurnEvent, None]:
        """Answer a text: yield one AgentAnswer, and SpokenReply until `last`.

        AgentAnswer comes when the text is whole: before all sound where the agent gives its reply in one piece, and
        always before the last SpokenReply. Raises EngineError.
        """
        self._text = text = ReplyText(
            self._pipeline.agent, heard, self.dialogue, clauses=speaks_clauses(self._pipeline.tts.info)
        )
        audio = ReplyAudio(self._pipeline.encoder, self._reply_format, self._reply_rate_hz)
        try:
            async with aclosing(self._speak(heard, text, audio)) as events:
                async for event in events:
                    yield event
        finally:
            await text.close()
            await audio.close()

    async def reply(self, heard: str) -> Reply:
        """Answer a text without speaking. Raises EngineError."""
        self._text = text = ReplyText(self._pipeline.agent, heard, self.dialogue)
        try:
            with self._watch.measure("agent") as lap:
                reply = await text.whole()
        finally:
            await text.close()
        self.times.agent_s, self.times.agent_first_s, self.times.agent_text_s = lap.took_s, text.first_s, text.text_s
        return reply

    @property
    def reply_so_far(self) -> Reply | None:
        """What the agent has written and done; None where that is nothing."""
        return self._text.so_far if self._text is not None else None

    def said(self, heard_s: float) -> str:
        """The beginning of the reply that is heard in the first heard_s seconds of its sound."""
        return self._text.script.heard(heard_s) if self._text is not None else ""

    async def _speak(self, heard: str, text: ReplyText, audio: ReplyAudio) -> AsyncGenerator[TurnEvent, None]:
        """Sentence by sentence: the first one's sound leaves before the second is made, or even written."""
        answered = ended = False
        clip: Clip | None = None
        while not ended:
            sentence = await self._next_sentence(text)
            if text.reply is not None and not answered:
                answered = True
                self.times.agent_first_s, self.times.agent_text_s = text.first_s, text.text_s
                yield AgentAnswer(heard, text.reply)
            if sentence is not None:
                clip = await self._make_sound(sentence)
                text.script.add(clip.duration_s)
            elif clip is None:
                raise EngineError(self._pipeline.agent.info.name, "its reply holds nothing to say")
            else:
                # The last sentence was spoken before it was known to be the last.
                clip = clip.between(0, 0)
            # The answer comes before the last sound.
            ended = text.is_spoken and answered
            async for spoken in self._encode(audio, clip, last=ended):
                yield spoken

    async def _next_sentence(self, text: ReplyText) -> str | None:
        if not text.is_waiting:
            return await text.sentence()
        with self._watch.measure("agent") as lap:
            sentence = await text.sentence()
        self.times.agent_s = (self.times.agent_s or 0.0) + lap.took_s
        return sentence

    async def _make_sound(self, sentence: str) -> Clip:
        with self._watch.measure("tts") as lap:
            clip: Clip = await self._pipeline.tts.call("speak", sentence)
        self.times.tts_s = (self.times.tts_s or 0.0) + lap.took_s
        if self.times.tts_first_s is None:
            self.times.tts_first_s = self.times.tts_s
        return clip

    async def _encode(self, audio: ReplyAudio, clip: Clip, *, last: bool) -> AsyncGenerator[SpokenReply, None]:
        for part, ends in audio.parts(clip, last=last):
            with self._watch.measure("encode") as lap:
                piece = await audio.encode(part, last=ends)
            self.times.encode_s = (self.times.encode_s or 0.0) + lap.took_s
            self.times.reply_audio_s = audio.duration_s
            for spoken in _spoken(piece, last=ends):
                yield spoken

    async def _hear(self, clip: Clip | None) -> None:
        """Hand sound to the recognizer, in pieces: a turn that is given up frees the lane after the one under way."""
        if clip is None:
            return
        for start_s in range(0, ceil(clip.duration_s), _PIECE_S):
            await self._utterance.post("feed", clip.between(start_s, start_s + _PIECE_S))

    async def close(self) -> None:
        """Give back what the recognizer holds for this turn."""
        self._audio.close()
        await self._utterance.close()


def _spoken(piece: Piece, *, last: bool) -> Iterator[SpokenReply]:
    """The chunks of a piece, as if all were equally long; last: the piece ends the reply."""
    count = len(piece.chunks)
    for number, data in enumerate(piece.chunks, start=1):
        ends_s = piece.starts_s + (piece.ends_s - piece.starts_s) * number / count
        yield SpokenReply(data, last and number == count, piece.starts_s, ends_s)
