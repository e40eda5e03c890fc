"""The evidence in the words so far that somebody has finished, as log odds, to be added to that of the sound."""

from __future__ import annotations

from math import log2

from voicelab.vad.completeness import Completeness, completeness

FEATURES = ("complete", "unfinished", "open_punctuation", "no_punctuation", "short", "words")
_FEW_WORDS, _MANY_WORDS = 3, 8
_GOES_ON = (",", "-", "–", "…", "...")
_CLOSES = (".", "?", "!")


def word_features(text: str) -> tuple[float, ...]:
    """Return FEATURES of a text; all are 0 for a text that is not known ("").

    complete, unfinished: the verdicts of completeness.py. open_punctuation: a comma or the like at the end.
    no_punctuation: none at the end, from a recognizer that writes it (and capital letters). short: one or two words.
    words: the base-2 logarithm of their number, of at most eight. All but the last are 0 or 1.
    """
    words, end = text.split(), text.rstrip()
    if not words:
        return (0.0,) * len(FEATURES)
    verdict = completeness(text)
    goes_on, is_cased = end.endswith(_GOES_ON), not text.islower()
    return (
        float(verdict is Completeness.COMPLETE),
        float(verdict is Completeness.UNFINISHED),
        float(goes_on),
        float(is_cased and not goes_on and not end.endswith(_CLOSES)),
        float(len(words) < _FEW_WORDS),
        log2(min(len(words), _MANY_WORDS)),
    )
