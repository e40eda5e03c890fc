"""The evidence in the words so far that the user has finished, as log odds, to be added to that of the audio."""

from math import log2

from voicelab.vad.completeness import Completeness, completeness

FEATURES = ("complete", "unfinished", "open_punctuation", "no_punctuation", "short", "words")
_FEW_WORDS, _MANY_WORDS = 3, 8
_GOES_ON = (",", "-", "–", "…", "...")
_CLOSES = (".", "?", "!")


def word_features(text: str) -> tuple[float, ...]:
    """Return FEATURES of a text; all are 0 for an unknown text ("").

    complete, unfinished: the verdicts of completeness.py. open_punctuation: the text ends in a comma or similar mark.
    no_punctuation: it ends without punctuation, although the recognizer writes punctuation and capital letters. short:
    one or two words. words: base-2 logarithm of the number of words, at most eight. All but the last are 0 or 1.
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
