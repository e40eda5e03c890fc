"""Sound without ends of turns: where somebody speaks in it, and which of that is a turn."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import Any, Protocol

from server.messages import AudioChunk, Refused
from server.outgoing import NoSpeechDetected, SpeechStarted, SpeechStopped
from server.services import Services
from server.session.config import SessionConfig
from server.session.listening import UtteranceReceiver
from server.session.rate_limiter import RateLimiter
from server.session.sender import Sender
from server.session.unheard import Unheard
from server.vad_batcher import VadBatcher
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError, VoicelabError
from voicelab.vad.endpoint import Event, SpeechBegan, SpeechEnded, TookTurn
from voicelab.vad.lookback import Lookback

_PIECE = round(0.1 * SPEECH_RATE_HZ)
"""Samples that are judged at once: what comes in a heap must not keep the other connections waiting."""


class TurnTaker(Protocol):
    """What the stream needs to know of the agent: whether it speaks, and how to stop it."""

    def agent_has_it_until_s(self) -> float:
        """By the performance counter; infinite while a turn is answered or waits for its answer."""

    async def take_from_agent(self, at_s: float) -> None:
        """Stop the reply, if one is made or heard; at_s: when the sound came that asks for it."""


class SpeechStream:
    """One connection's stream. `heard`: the turns that were found in it and wait for their answer, oldest first.

    An utterance is announced, and a turn for certain, when it begins while the agent is silent or when it takes the
    floor. One that did neither and ended before the reply did was a cough or a backchannel: it is dropped, and nothing
    tells the client of it.
    """

    def __init__(
        self,
        services: Services,
        vad_batcher: VadBatcher,
        config: SessionConfig,
        sender: Sender,
        rate_limiter: RateLimiter,
        turn_taking: TurnTaker,
    ) -> None:
        self.heard: deque[UtteranceReceiver] = deque()
        self._services = services
        self._vad_batcher = vad_batcher
        self._config = config
        self._sender = sender
        self._rate_limiter = rate_limiter
        self._turn_taking = turn_taking
        self._skipping = False
        self._unheard = Unheard()
        self._begin()

    def _begin(self) -> None:
        self._audio = IncomingAudio(longest_s=self._services.settings.max_turn_s, endless=True)
        self._endpointer = self._vad_batcher.endpointer()
        self._lookback = Lookback(self._endpointer.settings.lookback_s + _PIECE / SPEECH_RATE_HZ)
        self._position = 0
        self._now: UtteranceReceiver | None = None
        self._speech_at = 0

    async def take(self, chunk: AudioChunk, at_s: float) -> None:
        """Take a chunk that came at that instant; is_final ends the stream, and the next chunk begins another.

        Raises InputError or Refused for one that cannot be used. It costs itself; in a container, or at the end, it
        costs what is left of the stream, and the utterance that was going on.
        """
        if self._skipping:
            self._skipping = not chunk.is_final
            return
        try:
            await self._hear(self._decoded(chunk), at_s)
            if chunk.is_final:
                await self._finish(at_s)
        except (InputError, Refused):
            if chunk.is_final or self._audio.is_container:
                await self._drop()
                self._begin()
                self._skipping = not chunk.is_final
            raise

    async def close(self) -> None:
        """Give all back: what was only half heard, and what waits for its answer."""
        await self._drop()
        while self.heard:
            await self.heard.popleft().close()

    async def _drop(self) -> None:
        self._audio.close()
        now, self._now = self._now, None
        if now is not None:
            await now.close()

    def _decoded(self, chunk: AudioChunk) -> Clip | None:
        data = chunk.data()
        if not data:
            return None
        if self._now is not None:
            self._now.record.audio_bytes_in += len(data)
        return self._audio.feed(data, chunk.format, chunk.rate_hz)

    async def _finish(self, at_s: float) -> None:
        finish = self._audio.finish
        turn_ends = self._services.pipeline.turn_ends
        await self._hear(await turn_ends.run(finish) if self._audio.is_container else finish(), at_s)
        for event in self._endpointer.finish():
            await self._act(event, at_s)
        self._audio.close()
        self._begin()

    async def _hear(self, clip: Clip | None, at_s: float) -> None:
        if clip is None:
            return
        self._rate_limiter.heard(clip.duration_s, at_s)
        for start in range(0, len(clip.samples), _PIECE):
            piece = Clip(clip.samples[start : start + _PIECE], SPEECH_RATE_HZ)
            self._position += len(piece.samples)
            self._lookback.feed(piece)
            await self._add(piece)
            for event in await self._vad_batcher.hear(self._endpointer, piece):
                await self._act(event, at_s)
            if self._config.silences:
                await self._watch_for_sound(piece)

    async def _add(self, clip: Clip) -> None:
        """What goes wrong with an utterance ends it; it is told when it would have been answered."""
        if self._now is not None:
            try:
                await self._now.add(clip)
            except VoicelabError as fault:
                failed, self._now = self._now, None
                failed.fault = fault
                await failed.hush()
                self.heard.append(failed)

    async def _act(self, event: Event, at_s: float) -> None:
        match event:
            case SpeechBegan(start, speech) if not self._services.draining.is_set():
                self._now = UtteranceReceiver(
                    self._services, self._config, self._sender, self._rate_limiter,
                    kind="spoken", note=self._endpointer.note_partial,
                )  # fmt: skip
                self._now.quiet = True
                self._speech_at = speech
                if perf_counter() >= self._turn_taking.agent_has_it_until_s():
                    await self._announce(self._now)
                await self._add(self._lookback.since(start))
            case TookTurn() if self._now is not None:
                await self._turn_taking.take_from_agent(at_s)
                await self._announce(self._now)
            case SpeechEnded(end=end) if self._now is not None:
                now, self._now = self._now, None
                await now.hush()
                spoke_until_s = at_s - (self._position - end) / SPEECH_RATE_HZ
                if now.quiet and spoke_until_s < self._turn_taking.agent_has_it_until_s():
                    await now.close()
                else:
                    await self._announce(now)
                    await self._tell_end(now, event)
                    self.heard.append(now)

    async def _watch_for_sound(self, piece: Clip) -> None:
        """Tell of sound that goes on without any speech in it; what is heard of a reply is none of it."""
        if self._now is not None or perf_counter() < self._turn_taking.agent_has_it_until_s():
            self._unheard.reset()
            return
        level_dbfs = self._unheard.add(piece)
        if level_dbfs is not None:
            at_s, session_id = self._position / SPEECH_RATE_HZ, self._config.session_id
            await self._sender.send(NoSpeechDetected(at_s=at_s, level_dbfs=level_dbfs, session_id=session_id))

    async def _announce(self, utterance: UtteranceReceiver) -> None:
        if utterance.quiet:
            utterance.quiet = False
            if self._config.starts:
                started = SpeechStarted(at_s=self._speech_at / SPEECH_RATE_HZ, **self._about(utterance))
                await self._sender.send(started)

    async def _tell_end(self, utterance: UtteranceReceiver, event: SpeechEnded) -> None:
        if self._config.stops:
            silence_s = (event.decided_at - event.end) / SPEECH_RATE_HZ
            about = self._about(utterance)
            await self._sender.send(SpeechStopped(at_s=event.end / SPEECH_RATE_HZ, silence_s=silence_s, **about))

    def _about(self, utterance: UtteranceReceiver) -> dict[str, Any]:
        return {"session_id": self._config.session_id, "turn_id": self._config.shown(utterance.turn_id)}
