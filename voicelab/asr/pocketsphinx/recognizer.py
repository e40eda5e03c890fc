"""CMU PocketSphinx: small and offline, with the US English model from its wheel."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass

from voicelab.asr.base import Transcript
from voicelab.asr.catalog import fallback_note
from voicelab.asr.pocketsphinx.cepstral_mean import CepstralMean
from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.asr.pocketsphinx.decoder_pool import DecoderPool
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.pool.cores import available_cores
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import EngineError

_CATCH_UP = 3
"""Number of queued clips decoded per new clip while catching up."""
_EXPECT_S = 0.2
"""Seconds of audio, from its first sound, after which an utterance announces its need for a decoder."""
_WAIT_S = 60.0
"""Seconds that `finish` waits for a decoder without a preceding `is_ready`."""
_DECODER_BYTES = 90e6
_MEMORY_SHARE = 0.25
_DECODERS_PER_CORE = 12
"""More decoders than a core can serve in real time, so that this limit is never the bottleneck."""


@dataclass(kw_only=True, eq=False, repr=False)
class PocketSphinx:
    """A streaming recognizer that decodes while audio arrives.

    cmn_s: seconds of audio, from its first sound, used to estimate the channel's mean cepstrum before decoding starts.
    PocketSphinx's own running mean starts far from a new voice's and causes a third more word errors. beam, wbeam:
    minimum probability of a path or a word exit relative to the best; smaller values search more and take longer.
    max_decoders: maximum number of concurrent utterances, at 90 MB each; None: 12 per core, limited to a quarter of the
    machine's memory.
    """

    cmn_s: float = 1.0
    beam: float = 1e-48
    wbeam: float = 7e-29
    max_decoders: int | None = None

    def __post_init__(self) -> None:
        if not (self.cmn_s >= 0 and math.isfinite(self.cmn_s)):
            raise EngineError("pocketsphinx", f"cmn_s must be a number of seconds, not {self.cmn_s:g}")
        for name, value in (("beam", self.beam), ("wbeam", self.wbeam)):
            if not 0 < value <= 1:
                raise EngineError("pocketsphinx", f"{name} must be above 0 and at most 1, not {value:g}")
        if self.max_decoders is not None and self.max_decoders < 1:
            raise EngineError("pocketsphinx", f"max_decoders must be at least 1, not {self.max_decoders}")
        cores = available_cores()
        memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        most = self.max_decoders or default_decoders(memory_bytes, cores)
        self._decoders = DecoderPool(self._new_decoder, most=most, warm=cores)
        self._mean: CepstralMean

    def load(self) -> EngineInfo:
        self._mean = CepstralMean()
        warm = self.stream()
        warm.feed(Clip.silence(0.5))
        warm.finish()
        warm.close()
        revision = package_revision("pocketsphinx") + ", model en-us"
        return EngineInfo("asr", "pocketsphinx", asdict(self), revision, licence="BSD-2-Clause", note=fallback_note())

    def stream(self) -> PocketSphinxStream:
        return PocketSphinxStream(self._decoders, self._mean, self.cmn_s)

    def _new_decoder(self) -> SphinxDecoder:
        return SphinxDecoder({"samprate": SPEECH_RATE_HZ, "beam": self.beam, "wbeam": self.wbeam})


def default_decoders(memory_bytes: float, cores: int) -> int:
    """Return the default number of decoders for a machine of this size; at least 2."""
    return max(2, min(_DECODERS_PER_CORE * cores, int(_MEMORY_SHARE * memory_bytes / _DECODER_BYTES)))


class PocketSphinxStream:
    """One utterance. It has a decoder from the end of the first second of sound until it is closed.

    It keeps its audio: without new audio it can lose its decoder to others (`give_up`), and decodes everything again
    with another one on new audio or on `finish`.
    """

    def __init__(self, decoders: DecoderPool, mean: CepstralMean, cmn_s: float) -> None:
        self._decoders = decoders
        self._decoder: SphinxDecoder | None = None
        self._mean = mean
        self._cmn_samples = round(cmn_s * SPEECH_RATE_HZ)
        self._expect_samples = min(self._cmn_samples, round(_EXPECT_S * SPEECH_RATE_HZ))
        self._waiting: deque[Clip] = deque()
        self._decoded: list[Clip] = []
        self._fed_samples = 0
        self._sound_start: int | None = None
        self._expected = False
        self._closed = False
        self._fed_s = time.monotonic()
        # Held for each call, because the pool may request the decoder from another thread.
        self._lock = threading.Lock()

    def feed(self, clip: Clip) -> None:
        if clip.rate_hz != SPEECH_RATE_HZ:
            raise EngineError("pocketsphinx", f"expected {SPEECH_RATE_HZ} Hz, got {clip.rate_hz}")
        with self._lock:
            self._fed_s = time.monotonic()
            self._waiting.append(clip)
            sound_samples = self._count_sound(clip)
            if self._decoder is not None:
                self._catch_up(self._decoder, _CATCH_UP)
            elif sound_samples and sound_samples >= self._cmn_samples:
                self._begin(self._decoders.take(self))
            elif sound_samples and sound_samples >= self._expect_samples and not self._expected:
                self._expected = True
                self._decoders.expect(self)

    def partial(self) -> str:
        with self._lock:
            return self._decoder.text() or "" if self._decoder is not None else ""

    def is_ready(self) -> bool:
        """Whether it has a decoder; requests one."""
        with self._lock:
            self._fed_s = time.monotonic()
            if self._decoder is None:
                self._begin(self._decoders.take(self))
            return self._decoder is not None

    def finish(self) -> Transcript:
        with self._lock:
            if self._decoder is None:
                self._begin(self._decoders.wait(self, _WAIT_S))
            decoder = self._decoder
            assert decoder is not None
            self._catch_up(decoder, len(self._waiting))
            decoder.end_utt()
            text = decoder.text()
            if text is None:
                return Transcript("", language="en", words=())
            confidence = min(1.0, decoder.probability())
            return Transcript(text, language="en", confidence=confidence, words=tuple(decoder.words()))

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            decoder, self._decoder = self._decoder, None
            self._waiting.clear()
            self._decoded.clear()
            try:
                if decoder is not None and decoder.in_utterance:
                    decoder.end_utt()
            finally:
                self._decoders.put_back(self, decoder)

    def give_up(self, idle_s: float) -> SphinxDecoder | None:
        """Return the decoder in the middle of the utterance, if no audio was fed for idle_s seconds."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            decoder = self._decoder
            if decoder is None or not decoder.in_utterance or time.monotonic() - self._fed_s < idle_s:
                return None
            self._decoder = None
            self._waiting.extendleft(reversed(self._decoded))
            self._decoded.clear()
            return decoder
        finally:
            self._lock.release()

    def _count_sound(self, clip: Clip) -> int:
        """Return the number of samples since the first sound, including this clip."""
        if self._sound_start is None and (start_s := clip.sound_start_s()) is not None:
            self._sound_start = self._fed_samples + round(start_s * SPEECH_RATE_HZ)
        self._fed_samples += len(clip.samples)
        return 0 if self._sound_start is None else self._fed_samples - self._sound_start

    def _begin(self, decoder: SphinxDecoder | None) -> None:
        """Start the utterance if there is a decoder, with the mean of the first queued audio."""
        if decoder is None:
            return
        self._decoder = decoder
        sound = None
        if self._sound_start is not None:
            samples = Clip.join([*self._waiting]).samples[self._sound_start :][: self._cmn_samples]
            sound = Clip(samples, SPEECH_RATE_HZ)
        if decoder.in_utterance:  # of an utterance that lost it
            decoder.end_utt()
        self._mean.prepare(decoder, sound)
        decoder.start_utt()

    def _catch_up(self, decoder: SphinxDecoder, most: int) -> None:
        """Decode up to `most` queued clips, oldest first.

        Decoding all at once would block other utterances for a fifth of a second.
        """
        for _ in range(min(most, len(self._waiting))):
            clip = self._waiting.popleft()
            self._decoded.append(clip)
            if len(clip.samples):
                decoder.process_raw(clip.to_pcm16())
