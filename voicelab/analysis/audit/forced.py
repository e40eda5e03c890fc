"""Forced alignment with PocketSphinx: the score of a text for a recording, and the position of each word."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from voicelab.asr.pocketsphinx.cepstral_mean import CepstralMean
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets.text_files import numbered_lines

FRAME_S = 0.01
"""PocketSphinx makes 100 feature frames a second."""

_SCORE_SHIFT = 1024
"""PocketSphinx keeps scores divided by 2 to the power of 10 (SENSCR_SHIFT in its source)."""

_BEAM = 1e-200
_MEAN_S = 1.0
"""Length of the sound from which the mean cepstrum is estimated, as in the recognizer."""
_FILLERS = ("<sil>", "[")


@dataclass(frozen=True, slots=True)
class PhoneSpan:
    """A word, or silence or noise (word None), with its first and last (exclusive) frame and its acoustic score."""

    word: str | None
    start: int
    end: int
    score_nats: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """A text aligned with a recording; silence and noise may occur between the words.

    Scores are natural logarithms relative to the best of all the model's states in each frame. They are at most 0
    (except for rounding), and scores of two texts for the same frames are comparable.
    """

    spans: tuple[PhoneSpan, ...]

    @property
    def frames(self) -> int:
        return self.spans[-1].end if self.spans else 0

    @property
    def score_nats(self) -> float:
        return sum(span.score_nats for span in self.spans)

    def by_frame(self) -> list[float]:
        """The score of each frame: the mean score of its span."""
        return [span.score_nats / (span.end - span.start) for span in self.spans for _ in range(span.start, span.end)]


@cache
def dictionary() -> frozenset[str]:
    """The lower-case words in the model's dictionary."""
    from pocketsphinx import get_model_path

    lines = numbered_lines(Path(get_model_path("en-us/cmudict-en-us.dict")))
    return frozenset(line.split(maxsplit=1)[0].partition("(")[0] for _, line in lines)


class Aligner:
    """Align texts with recordings, using PocketSphinx's en-us model.

    The features are those of the recognizer. All states are computed in every frame
    (`compallsen`), because PocketSphinx reports a frame's scores relative to the best state that it computed. With the
    states of only one text, the scores of two texts would not be comparable.
    """

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._mean = CepstralMean()
        self._decoder: Any = Decoder(
            loglevel="FATAL", samprate=SPEECH_RATE_HZ, lm=None, compallsen=True, bestpath=False,
            beam=_BEAM, wbeam=_BEAM, pbeam=_BEAM,
        )  # fmt: skip

    def learn(self, sounds: Mapping[str, str]) -> None:
        """Add words with their ARPAbet phones, except those that have a pronunciation."""
        for word, phones in sounds.items():
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, phones, True)

    def align(self, clip: Clip, words: Sequence[str]) -> Alignment | None:
        """Align known words with a clip at SPEECH_RATE_HZ; without words, the whole clip is silence or noise.

        Returns None if the clip is too short for the words.
        """
        steps = words or ("<sil>",)
        name = "forced"
        chain = [(position, position + 1, 1.0, word) for position, word in enumerate(steps)]
        self._decoder.add_fsg(name, self._decoder.create_fsg(name, 0, len(steps), chain))
        self._decoder.activate_search(name)
        start_s = clip.sound_start_s()
        self._mean.prepare(self._decoder, None if start_s is None else clip.between(start_s, start_s + _MEAN_S))
        self._decoder.start_utt()
        self._decoder.process_raw(clip.to_pcm16(), False, False)
        self._decoder.end_utt()
        if words and self._decoder.hyp() is None:
            return None
        log = self._decoder.get_logmath()
        spans = [_span(segment, log) for segment in self._decoder.seg()]
        said = [span.word for span in spans if span.word is not None]
        return Alignment(tuple(spans)) if spans and len(said) == len(words) else None


def _span(segment: Any, log: Any) -> PhoneSpan:
    filler = segment.word.startswith(_FILLERS)
    word = None if filler else segment.word.partition("(")[0]
    return PhoneSpan(word, segment.start_frame, segment.end_frame + 1, math.log(segment.ascore) * _SCORE_SHIFT)
