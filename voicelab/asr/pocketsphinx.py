"""CMU PocketSphinx: small, offline, with its US English model inside its wheel."""

from __future__ import annotations

from collections import deque

from voicelab.asr.base import Transcript
from voicelab.asr.cepstral_mean import CepstralMean
from voicelab.asr.decoder_shelf import DecoderShelf
from voicelab.asr.sphinx_decoder import SphinxDecoder
from voicelab.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines import EngineInfo, package_revision
from voicelab.errors import EngineError

_CATCH_UP = 3
"""How many clips are decoded for each that comes, while some still wait."""


class PocketSphinx:
    """Streaming recognizer; the work is done as sound arrives, so that little is left at the end.

    cmn_s: how much sound, from where it starts, is listened to before decoding begins, to take the channel's mean
    cepstrum from. PocketSphinx's own running mean starts far from a new voice's and hears a third more words wrongly.
    beam, wbeam: how much less likely than the best a path or a word exit may be before it is dropped; smaller values
    search more and take longer.
    """

    def __init__(self, *, cmn_s: float = 1.0, beam: float = 1e-48, wbeam: float = 7e-29) -> None:
        if not cmn_s >= 0:
            raise EngineError("pocketsphinx", f"cmn_s is so many seconds, not {cmn_s:g}")
        for name, value in (("beam", beam), ("wbeam", wbeam)):
            if not 0 < value <= 1:
                raise EngineError("pocketsphinx", f"{name} is a probability: over 0, at most 1, not {value:g}")
        self._cmn_s = cmn_s
        self._beams = {"beam": beam, "wbeam": wbeam}
        self._decoders = DecoderShelf(self._new_decoder)
        self._mean: CepstralMean

    def load(self) -> EngineInfo:
        self._mean = CepstralMean()
        warm = self.stream()
        warm.feed(Clip.silence(0.5))
        warm.finish()
        warm.close()
        revision = package_revision("pocketsphinx") + ", model en-us"
        options = {"cmn_s": self._cmn_s, **self._beams}
        return EngineInfo("asr", "pocketsphinx", options, revision, licence="BSD-2-Clause")

    def stream(self) -> PocketSphinxStream:
        return PocketSphinxStream(self._decoders, self._mean, self._cmn_s)

    def _new_decoder(self) -> SphinxDecoder:
        return SphinxDecoder({"samprate": SPEECH_RATE_HZ, **self._beams})


class PocketSphinxStream:
    """One utterance, which has a decoder from when its first second was heard until it is closed."""

    def __init__(self, decoders: DecoderShelf, mean: CepstralMean, cmn_s: float) -> None:
        self._decoders = decoders
        self._decoder: SphinxDecoder | None = None
        self._mean = mean
        self._cmn_samples = round(cmn_s * SPEECH_RATE_HZ)
        self._waiting: deque[Clip] = deque()
        self._sound_samples = 0
        self._decoding = False
        self._closed = False
        decoders.expect(self)

    def feed(self, clip: Clip) -> None:
        if clip.rate_hz != SPEECH_RATE_HZ:
            raise EngineError("pocketsphinx", f"takes {SPEECH_RATE_HZ} Hz, was fed {clip.rate_hz}")
        self._waiting.append(clip)
        if self._decoder is not None:
            self._catch_up(self._decoder, _CATCH_UP)
            return
        if self._sound_samples:
            self._sound_samples += len(clip.samples)
        elif (start_s := clip.sound_start_s()) is not None:
            self._sound_samples = len(clip.samples) - round(start_s * SPEECH_RATE_HZ)
        if self._sound_samples >= self._cmn_samples:
            self._begin()

    def partial(self) -> str:
        return self._decoder.text() or "" if self._decoder is not None else ""

    def finish(self) -> Transcript:
        decoder = self._decoder or self._begin()
        self._catch_up(decoder, len(self._waiting))
        self._end(decoder)
        text = decoder.text()
        if text is None:
            return Transcript("", language="en")
        return Transcript(text, language="en", confidence=min(1.0, decoder.probability()))

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if self._decoder is not None:
                self._end(self._decoder)
        finally:
            self._decoders.put_back(self, self._decoder)

    def _begin(self) -> SphinxDecoder:
        """Take the mean from the first of the sound, which can now be decoded."""
        sound = None
        if self._sound_samples:
            samples = Clip.join([*self._waiting]).samples[-self._sound_samples :][: self._cmn_samples]
            sound = Clip(samples, SPEECH_RATE_HZ)
        self._decoder = decoder = self._decoders.take(self)
        self._mean.prepare(decoder, sound)
        decoder.start_utt()
        self._decoding = True
        return decoder

    def _catch_up(self, decoder: SphinxDecoder, most: int) -> None:
        """Decode so many of the clips that wait, oldest first.

        All at once would take a fifth of a second, in which nobody else is heard.
        """
        for _ in range(min(most, len(self._waiting))):
            clip = self._waiting.popleft()
            if len(clip.samples):
                decoder.process_raw(clip.to_pcm16())

    def _end(self, decoder: SphinxDecoder) -> None:
        if self._decoding:
            self._decoding = False
            decoder.end_utt()
