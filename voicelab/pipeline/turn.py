"""One spoken turn: recognition, answer and synthesis, with timing per stage. Shared by server and in-process runs."""

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
"""Each thread only waits for the decoder of one turn, so there are many more than cores. With one per core, a few slow
decodes would delay all other turns.
"""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A loaded recognizer, agent and voice, and the encoder of their replies.

    turn_ends: threads that wait for the end of turns sent in a container.
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
        """Check all three names, then load all engines concurrently; a failure closes them all.

        encoder_in: "process" if many replies are encoded while the event loop is busy.
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
        """All pools that a turn needs."""
        return self.asr, self.agent, self.tts, self.encoder

    @property
    def engines(self) -> tuple[EngineInfo, EngineInfo, EngineInfo]:
        return self.asr.info, self.agent.info, self.tts.info

    async def close(self) -> None:
        self.turn_ends.close()
        await asyncio.gather(*(host.close() for host in self.hosts))


@dataclass(slots=True)
class StageTimes:
    """Durations of a turn in seconds; None for stages not reached.

    decode_s, asr_s, agent_s, tts_s and encode_s are consecutive between the last byte of the request and the last byte
    of the reply.

    decode_s: from the last chunk to decoded audio. asr_s: to the transcript. agent_s: time that the reply waited for
    the agent, before its first sentence and between sentences; all of the agent's time if it does not stream.
    agent_first_s, agent_text_s: to the first sentence and to the complete text; these overlap with later stages if the
    agent streams. tts_first_s: the first spoken part of the text, a sentence or its opening clause; tts_s: all parts.
    encode_s: all of the reply's encoding. asr_busy_s: the recognizer's processing time, including work during
    reception. audio_s, reply_audio_s: duration of request and reply; a request of Opus packets counts complete packets,
    including up to 20 ms of padding. undecoded_s: damaged audio of the request that could not be decoded, not included
    in audio_s.
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
    """The transcript of the request."""

    transcript: Transcript


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """The agent's complete reply, before any of its actions is executed."""

    heard: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class SpokenReply:
    """One chunk of the reply's audio; `last` is set on the final one only. starts_s, ends_s: its
    position in the reply.
    """

    data: bytes
    last: bool
    starts_s: float
    ends_s: float


TurnEvent = Recognition | AgentAnswer | SpokenReply


class Turn:
    """One turn. Call `receive` for the audio, then iterate `finish` (or `answer` for a typed turn); always call
    `close`.

    dialogue: the conversation so far, read when the agent is asked. longest_s: maximum duration of the turn.
    reply_rate_hz: sample rate of raw reply formats.
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
            clip = await self._pipeline.turn_ends.run(finish) if self._audio.is_container else finish()
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

    async def answer(self, heard: str) -> AsyncGenerator[TurnEvent, None]:
        """Answer a text: yield one AgentAnswer, and SpokenReply until `last`.

        AgentAnswer follows the completion of the text: before all audio if the agent does not stream, and always before
        the last SpokenReply. Raises EngineError.
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
        """The agent's text and actions so far, or None."""
        return self._text.so_far if self._text is not None else None

    def said(self, heard_s: float) -> str:
        """Return the start of the reply that is played in its first heard_s seconds."""
        return self._text.script.heard(heard_s) if self._text is not None else ""

    async def _speak(self, heard: str, text: ReplyText, audio: ReplyAudio) -> AsyncGenerator[TurnEvent, None]:
        """Synthesize sentence by sentence; the first is sent before the second is synthesized, or even written."""
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
                raise EngineError(self._pipeline.agent.info.name, "its reply contains no words to speak")
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
        """Feed audio to the recognizer in pieces, so that a cancelled turn frees the worker after the current piece."""
        if clip is None:
            return
        for start_s in range(0, ceil(clip.duration_s), _PIECE_S):
            await self._utterance.post("feed", clip.between(start_s, start_s + _PIECE_S))

    async def close(self) -> None:
        """Release the recognizer's state for this turn."""
        self._audio.close()
        await self._utterance.close()


def _spoken(piece: Piece, *, last: bool) -> Iterator[SpokenReply]:
    """Yield the chunks of a piece with positions that assume equal durations; last: the piece ends the reply."""
    count = len(piece.chunks)
    for number, data in enumerate(piece.chunks, start=1):
        ends_s = piece.starts_s + (piece.ends_s - piece.starts_s) * number / count
        yield SpokenReply(data, last and number == count, piece.starts_s, ends_s)
