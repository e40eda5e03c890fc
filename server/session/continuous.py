"""Continuous mode: find utterances in an endless audio stream, and decide which of them are turns."""

from collections import deque
from dataclasses import dataclass
from time import perf_counter

from server.messages import AudioChunk, Refused
from server.outgoing import NoSpeechDetected, SpeechStarted, SpeechStopped
from server.session.listening import UtteranceReceiver
from server.session.non_speech import NonSpeechSound
from server.session.session import ServerSession
from server.session.turn_taking import TurnTaking
from server.vad_batcher import VadBatcher
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError, VoicelabError
from voicelab.vad.endpoint import Event, SpeechBegan, SpeechEnded, TookTurn
from voicelab.vad.lookback import Lookback

_PIECE = round(0.1 * SPEECH_RATE_HZ)
"""Samples per VAD call. Splitting large chunks keeps other connections from waiting."""


@dataclass(eq=False, repr=False)
class SpeechStream:
    """The audio stream of one connection. `pending`: utterances that wait for their answer, oldest first.

    An utterance is a turn, and is announced to the client, if it starts while the agent is silent or takes the floor.
    Any other utterance that ends before the reply does is a cough or a backchannel and is silently dropped.
    """

    session: ServerSession
    vad_batcher: VadBatcher
    turn_taking: TurnTaking

    def __post_init__(self) -> None:
        self.pending: deque[UtteranceReceiver] = deque()
        self._skipping = False
        self._non_speech = NonSpeechSound()
        self._begin()

    def _begin(self) -> None:
        self._audio = IncomingAudio(longest_s=self.session.services.settings.max_turn_s, endless=True)
        self._endpointer = self.vad_batcher.endpointer()
        past_s = max(self._endpointer.settings.lookback_s, self.vad_batcher.sound_s)
        self._lookback = Lookback(past_s + _PIECE / SPEECH_RATE_HZ)
        self._position = 0
        self._now: UtteranceReceiver | None = None
        self._speech_at = 0

    async def take(self, chunk: AudioChunk, at_s: float) -> None:
        """Process a chunk that arrived at `at_s`. is_final ends the stream; the next chunk starts a new one.

        Raises InputError or Refused for an invalid chunk, which is dropped. In a container or with is_final, the
        current utterance and the rest of the stream are dropped too.
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
        """Close the current utterance and those that wait for their answer."""
        await self._drop()
        while self.pending:
            await self.pending.popleft().close()

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
        turn_ends = self.session.services.pipeline.turn_ends
        await self._hear(await turn_ends.run(finish) if self._audio.is_container else finish(), at_s)
        for event in self._endpointer.finish():
            await self._act(event, at_s)
        self._audio.close()
        self._begin()

    async def _hear(self, clip: Clip | None, at_s: float) -> None:
        if clip is None:
            return
        self.session.rate_limiter.add(clip.duration_s, at_s)
        for start in range(0, len(clip.samples), _PIECE):
            piece = Clip(clip.samples[start : start + _PIECE], SPEECH_RATE_HZ)
            self._position += len(piece.samples)
            self._lookback.feed(piece)
            await self._add(piece)
            for event in await self.vad_batcher.feed(self._endpointer, piece):
                await self._act(event, at_s)
            if self._now is not None:
                self._now.update_partials()
            if (wanted := self._endpointer.sound_to_score) is not None:
                await self._score_sound(*wanted)
            if self.session.services.settings.speculative_start:
                await self._answer_early()
            if "no_speech_detected" in self.session.options.events:
                await self._watch_for_sound(piece)

    async def _score_sound(self, start: int, end: int) -> None:
        since = self._lookback.since(start)
        clip = Clip(since.samples[: end - start], SPEECH_RATE_HZ)
        await self.vad_batcher.score_sound(self._endpointer, clip)

    async def _answer_early(self) -> None:
        """Begin the answer at a likely end of the turn; drop it if speech continues."""
        now = self._now
        if now is None:
            return
        if not self._endpointer.in_pause:
            await now.drop_early()
            return
        has_floor = not now.is_unannounced and perf_counter() >= self.turn_taking.agent_floor_until_s()
        if has_floor and (words := self._endpointer.likely_last_words):
            await now.begin_early(words)

    async def _add(self, clip: Clip) -> None:
        """Feed the current utterance. An error ends it, and is reported when the utterance would be answered."""
        if self._now is not None:
            try:
                await self._now.add(clip)
            except VoicelabError as fault:
                failed, self._now = self._now, None
                failed.fault = fault
                await failed.stop_partials()
                self.pending.append(failed)

    async def _act(self, event: Event, at_s: float) -> None:
        match event:
            case SpeechBegan(start, speech) if not self.session.services.draining.is_set():
                self._now = UtteranceReceiver(self.session, "spoken", self._endpointer)
                self._now.is_unannounced = True
                self._speech_at = speech
                if perf_counter() >= self.turn_taking.agent_floor_until_s():
                    await self._announce(self._now)
                await self._add(self._lookback.since(start))
            case TookTurn() if self._now is not None:
                await self.turn_taking.interrupt_agent(at_s)
                await self._announce(self._now)
            case SpeechEnded(end=end) if self._now is not None:
                now, self._now = self._now, None
                await now.stop_partials()
                spoke_until_s = at_s - (self._position - end) / SPEECH_RATE_HZ
                over_reply = now.is_unannounced and spoke_until_s < self.turn_taking.agent_floor_until_s()
                if over_reply and not await self._takes_floor_late(now, event, at_s):
                    await now.close()
                else:
                    await self._announce(now)
                    await self._announce_end(now, event)
                    self.pending.append(now)

    async def _takes_floor_late(self, utterance: UtteranceReceiver, event: SpeechEnded, at_s: float) -> bool:
        """Stop the reply for an utterance whose words the recognizer was too slow to tell before its end."""
        if event.knew_words or not await utterance.says_something():
            return False
        await self.turn_taking.interrupt_agent(at_s)
        return True

    async def _watch_for_sound(self, piece: Clip) -> None:
        """Send `no_speech_detected` for sound without speech. Sound during a reply (its echo) does not count."""
        if self._now is not None or perf_counter() < self.turn_taking.agent_floor_until_s():
            self._non_speech.reset()
            return
        level_dbfs = self._non_speech.add(piece)
        if level_dbfs is not None:
            at_s, session_id = self._position / SPEECH_RATE_HZ, self.session.session_id
            await self.session.sender.send(NoSpeechDetected(at_s=at_s, level_dbfs=level_dbfs, session_id=session_id))

    async def _announce(self, utterance: UtteranceReceiver) -> None:
        if utterance.is_unannounced:
            utterance.is_unannounced = False
            if "speech_started" in self.session.options.events:
                about = self.session.about(utterance.turn_id)
                await self.session.sender.send(SpeechStarted(at_s=self._speech_at / SPEECH_RATE_HZ, **about))

    async def _announce_end(self, utterance: UtteranceReceiver, event: SpeechEnded) -> None:
        if "speech_stopped" in self.session.options.events:
            silence_s = (event.decided_at - event.end) / SPEECH_RATE_HZ
            about = self.session.about(utterance.turn_id)
            await self.session.sender.send(SpeechStopped(at_s=event.end / SPEECH_RATE_HZ, silence_s=silence_s, **about))
