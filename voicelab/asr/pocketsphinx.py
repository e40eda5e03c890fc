"""CMU PocketSphinx: small, offline, with its US English model inside its wheel."""

from __future__ import annotations

from typing import Any

from voicelab.asr.base import Transcript
from voicelab.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines import EngineInfo, package_revision
from voicelab.errors import EngineError


class PocketSphinx:
    """Streaming recognizer; the work is done as sound arrives, so that little is left at the end.

    beam, wbeam: how much less likely than the best a path or a word exit may be before it is dropped; smaller values
    search more and take longer.
    """

    def __init__(self, *, beam: float = 1e-48, wbeam: float = 7e-29) -> None:
        self._options = {"beam": beam, "wbeam": wbeam}
        self._idle: list[Any] = []
        self._start_cmn = ""

    def load(self) -> EngineInfo:
        decoder = self._new_decoder()
        # The mean that the model starts from. Each utterance starts from it again: else what is heard in one would
        # depend on the utterances before it.
        self._start_cmn = decoder.get_cmn(False)
        self._idle.append(decoder)
        warm = self.stream()
        warm.feed(Clip.silence(0.5))
        warm.finish()
        warm.close()
        revision = package_revision("pocketsphinx") + ", model en-us"
        return EngineInfo("asr", "pocketsphinx", dict(self._options), revision, licence="BSD-2-Clause")

    def stream(self) -> PocketSphinxStream:
        decoder = self._idle.pop() if self._idle else self._new_decoder()
        decoder.set_cmn(self._start_cmn)
        decoder.start_utt()
        return PocketSphinxStream(decoder, self._idle)

    def _new_decoder(self) -> Any:
        from pocketsphinx import Decoder

        return Decoder(loglevel="FATAL", samprate=SPEECH_RATE_HZ, **self._options)


class PocketSphinxStream:
    """One utterance in one decoder, which goes back to its shelf at the end."""

    def __init__(self, decoder: Any, shelf: list[Any]) -> None:
        self._decoder = decoder
        self._shelf = shelf
        self._open = True

    def feed(self, clip: Clip) -> None:
        if clip.rate_hz != SPEECH_RATE_HZ:
            raise EngineError("pocketsphinx", f"takes {SPEECH_RATE_HZ} Hz, was fed {clip.rate_hz}")
        if len(clip.samples):
            self._decoder.process_raw(clip.to_pcm16(), False, False)

    def finish(self) -> Transcript:
        self._end()
        best = self._decoder.hyp()
        if best is None:
            return Transcript("", language="en")
        return Transcript(best.hypstr, language="en", confidence=min(1.0, best.prob))

    def close(self) -> None:
        self._end()
        if self._decoder is not None:
            self._shelf.append(self._decoder)
            self._decoder = None

    def _end(self) -> None:
        if self._open:
            self._open = False
            self._decoder.end_utt()
