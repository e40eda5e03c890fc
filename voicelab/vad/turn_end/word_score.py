"""The evidence in the words so far that somebody has finished, as log odds, to be added to that of the sound."""

from __future__ import annotations

from voicelab.vad.completeness import Completeness, completeness

FEATURES = ("complete", "unfinished", "open_punctuation", "short")
_FEW_WORDS = 3
_GOES_ON = (",", "-", "–", "…", "...")


def word_features(text: str) -> tuple[float, float, float, float]:
    """FEATURES of a text, each 0 or 1: the two verdicts of completeness.py, a recognizer's comma at the end, few words.

    All are 0 for a text that is not known ("").
    """
    if not text.strip():
        return 0.0, 0.0, 0.0, 0.0
    verdict = completeness(text)
    return (
        float(verdict is Completeness.COMPLETE),
        float(verdict is Completeness.UNFINISHED),
        float(text.rstrip().endswith(_GOES_ON)),
        float(len(text.split()) < _FEW_WORDS),
    )
