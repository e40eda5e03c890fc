"""Credit ratings (`AA-`, `double a minus`), halves below zero, and forms (`10-K`), in which a small mark counts."""

import re

from voicelab.text.english.shorthand import ratings_in_words

_PLUS = re.compile(r"(?<![\w-])([ABC]{2,3})\+(?![\w+])")
_SPOKEN = re.compile(r"\b(?:(double) ([abc])(?= (?:plus|minus|rated|rating)\b)|(triple) ([abc])\b)", re.IGNORECASE)
_PENCE = re.compile(r"\bGBX ?(\d[\d,.]*)")
_FORM = re.compile(r"\b\d{1,2}-[KQF]\b")
_THOUSANDS = re.compile(r"\b\w+ ?k (?:dollars|euros|pounds|bucks)\b", re.IGNORECASE)
_RATING = re.compile(r"[ABC]{1,3}")
_SAID = re.compile(
    r"\b(?:(?:double|triple) [abc]|[abc]{1,3}|[abc](?: [abc]){1,2}) (?:plus|minus)\b|\b[ABC]{1,3}\+(?!\w)",
    re.IGNORECASE,
)
_ONE_PART = re.compile(r"\s*(?:a |one )?(half|quarter|third)\s*", re.IGNORECASE)


def in_words(text: str) -> str:
    """`AA minus` for AA- and `double a minus`, `BBB plus` for BBB+, `250 pence` for GBX 250."""
    text = _PENCE.sub(r"\1 pence", text)
    text = _SPOKEN.sub(lambda found: 2 * found[2].upper() if found[1] else 3 * found[4].upper(), text)
    return _PLUS.sub(r"\1 plus", ratings_in_words(text))


def without_other_ratings(entity: str, text: str) -> str:
    """The text without ratings with a sign if the entity is one without a sign: AA is not in `double a minus`."""
    return _SAID.sub(" ; ", text) if _RATING.fullmatch(entity.strip()) else text


def without_negative_halves(entity: str, text: str) -> str:
    """The text without `minus half` and `negative half` if the entity is `half`, and the same for other parts."""
    found = _ONE_PART.fullmatch(entity)
    if found is None:
        return text
    return re.sub(rf"\b(?:minus|negative) (?:(?:a|one) )?{found[1]}\b", " ; ", text, flags=re.IGNORECASE)


def without_forms(entity: str, text: str) -> str:
    """The text without `10-K` and the like if the entity is a number, and without `ten k dollars` if it is a form."""
    if _FORM.fullmatch(entity.strip()):
        return _THOUSANDS.sub(" ; ", text)
    return text if re.search(r"[^\W\d_]", entity) else _FORM.sub(" ; ", text)
