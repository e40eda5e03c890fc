"""CMU PocketSphinx: small, offline, with its US English model inside its wheel."""

from __future__ import annotations

from collections import deque

from voicelab.asr.base import Transcript
from voicelab.asr.cepstral_mean import CepstralMean
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
        self._cmn_s = cmn_s
        self._beams = {"beam": beam, "wbeam": wbeam}
        self._idle: list[SphinxDecoder] = []
        self._mean: CepstralMean

    def load(self) -> EngineInfo:
        self._mean = CepstralMean()
        self._idle.append(self._new_decoder())
        warm = self.stream()
        warm.feed(Clip.silence(0.5))
        warm.finish()
        warm.close()
        revision = package_revision("pocketsphinx") + ", model en-us"
        options = {"cmn_s": self._cmn_s, **self._beams}
        return EngineInfo("asr", "pocketsphinx", options, revision, licence="BSD-2-Clause")

    def stream(self) -> PocketSphinxStream:
        try:
            decoder = self._idle.pop()
        except IndexError:
            decoder = self._new_decoder()
        return PocketSphinxStream(decoder, self._idle, self._mean, self._cmn_s)

    def _new_decoder(self) -> SphinxDecoder:
        return SphinxDecoder({"samprate": SPEECH_RATE_HZ, **self._beams})


class PocketSphinxStream:
    """One utterance in one decoder, which goes back to its shelf at the end."""

    def __init__(self, decoder: SphinxDecoder, shelf: list[SphinxDecoder], mean: CepstralMean, cmn_s: float) -> None:
        self._decoder = decoder
        self._shelf = shelf
        self._mean = mean
        self._cmn_samples = round(cmn_s * SPEECH_RATE_HZ)
        self._waiting: deque[Clip] = deque()
        self._sound_samples = 0
        self._decoding = False
        self._closed = False

    def feed(self, clip: Clip) -> None:
        if clip.rate_hz != SPEECH_RATE_HZ:
            raise EngineError("pocketsphinx", f"takes {SPEECH_RATE_HZ} Hz, was fed {clip.rate_hz}")
        self._waiting.append(clip)
        if self._decoding:
            self._catch_up(_CATCH_UP)
            return
        if self._sound_samples:
            self._sound_samples += len(clip.samples)
        elif (start_s := clip.sound_start_s()) is not None:
            self._sound_samples = len(clip.samples) - round(start_s * SPEECH_RATE_HZ)
        if self._sound_samples >= self._cmn_samples:
            self._begin()

    def partial(self) -> str:
        return self._decoder.text() or "" if self._decoding else ""

    def finish(self) -> Transcript:
        if not self._decoding:
            self._begin()
        self._catch_up(len(self._waiting))
        self._end()
        text = self._decoder.text()
        if text is None:
            return Transcript("", language="en")
        return Transcript(text, language="en", confidence=min(1.0, self._decoder.probability()))

    def close(self) -> None:
        self._end()
        if not self._closed:
            self._closed = True
            self._shelf.append(self._decoder)

    def _begin(self) -> None:
        """Take the mean from the first of the sound, which can now be decoded."""
        sound = None
        if self._sound_samples:
            samples = Clip.join([*self._waiting]).samples[-self._sound_samples :][: self._cmn_samples]
            sound = Clip(samples, SPEECH_RATE_HZ)
        self._mean.prepare(self._decoder, sound)
        self._decoder.start_utt()
        self._decoding = True

    def _catch_up(self, most: int) -> None:
        """Decode so many of the clips that wait, oldest first.

        All at once would take a fifth of a second, in which nobody else is heard.
        """
        for _ in range(min(most, len(self._waiting))):
            self._decode(self._waiting.popleft())

    def _decode(self, clip: Clip) -> None:
        if len(clip.samples):
            self._decoder.process_raw(clip.to_pcm16())

    def _end(self) -> None:
        if self._decoding:
            self._decoding = False
            self._decoder.end_utt()
