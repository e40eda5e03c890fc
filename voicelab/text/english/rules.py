"""All rules of `english` in order, and a cache for words that do not depend on their neighbours."""

import re

from voicelab.text.english.amounts import with_amounts
from voicelab.text.english.cleaning import cleaned
from voicelab.text.english.clock import with_times, with_zones
from voicelab.text.english.contractions import expanded
from voicelab.text.english.dates import with_dates
from voicelab.text.english.filings import with_forms, with_forms_marked
from voicelab.text.english.letters import with_joined_letters
from voicelab.text.english.numbers import with_digits
from voicelab.text.english.periods import with_periods
from voicelab.text.english.shorthand import PERIODS
from voicelab.text.english.spelling import american, before_lowering, with_compounds, without_hesitations
from voicelab.text.english.vocabulary import (
    COMPOUND_STARTS,
    HESITATIONS,
    JOINING_PREFIXES,
    MONTHS,
    NUMBER_WORDS,
    NUMBERED,
    ROMAN,
    RULERS,
)
from voicelab.text.english.written import BREAK, spelled_out
from voicelab.text.remembered import Remembered

_SPELLED_AI = re.compile(r"\ba i\b")
_BARE_WORD = re.compile(r'"?([A-Za-z]+)[,.?!;:]?"?')
_IN_CONTEXT = frozenset(
    {*NUMBER_WORDS, *COMPOUND_STARTS, *JOINING_PREFIXES, *MONTHS, *RULERS, *NUMBERED, *PERIODS}
    | set("us st percent per point mm huh quarter quarters minus negative saint dollar".split())
)
"""Words whose normalization depends on adjacent words."""
_DOTTED = frozenset("rep gen col hon rev pres sen lt co mt rd ald sgt cos no nos".split())


def english(text: str) -> str:
    """Normalize a text."""
    try:
        joined = " ".join(map(_plain_words.__getitem__, text.split()))  # type: ignore[arg-type]  # None raises TypeError
    except TypeError:
        return by_all_rules(text)
    if "a i" in joined and _SPELLED_AI.search(joined):
        return by_all_rules(text)
    # Hesitations leave spaces.
    return joined if "  " not in joined and joined == joined.strip() else " ".join(joined.split())


def _plain(token: str) -> str | None:
    """Return the normalized form of a word that does not depend on its neighbours, or None."""
    found = _BARE_WORD.fullmatch(token)
    if found is None:
        return None
    word = found[1].lower()
    if word in _IN_CONTEXT or (len(word) == 1 and word not in ("a", "i")):
        return None
    if "." in token and word in _DOTTED:
        return None
    if found[1] in ("ER", "MoM") or word in ("yoy", "qoq"):
        return None
    return "" if word in HESITATIONS else american(word)


_plain_words = Remembered(_plain)


def by_all_rules(text: str) -> str:
    text = with_forms_marked(_capitals_marked(before_lowering(cleaned(text))))
    words = spelled_out(text).split()
    words = expanded([part for word in words for part in _hyphens_apart(word)])
    words = _one_word_for_signs([part for word in words for part in american(word).split()])
    words = with_digits(without_hesitations(words))
    words = with_times(with_dates(with_periods(with_amounts(words))))
    words = with_forms(with_zones(with_compounds(with_joined_letters(words))))
    text = _HEIGHT.sub(r"\1 feet \2", " ".join(word for word in words if word != BREAK))
    return _RULER.sub(_numbered, text)


_RULER = re.compile(
    rf"\b({'|'.join(sorted(RULERS))}) (?:the (\d+)(?:st|nd|rd|th)|({'|'.join(ROMAN)}))\b"
    rf"|\b({'|'.join(NUMBERED)}) ({'|'.join(ROMAN)})\b"
)


def _numbered(found: re.Match[str]) -> str:
    """Henry 8 for henry the eighth and Henry VIII; title 9 for Title IX."""
    if found[4]:
        return f"{found[4]} {ROMAN[found[5]]}"
    return f"{found[1]} {found[2] or ROMAN[found[3]]}"


_HEIGHT = re.compile(r"\b(\d+) f(?:oo|ee)t (\d|1[01])(?: inch(?:es)?)?\b(?![.:])")
"""`five foot ten` and `five feet ten inches`."""
_COUNTRY = re.compile(r"\bUS\b")
_EMERGENCY = re.compile(r"\bER\b")
_ANNUAL_RATE = re.compile(r"(?<=% )APR\b|(?<=percent )APR\b|\bAPR(?= of\b)")


def _capitals_marked(text: str) -> str:
    """Mark US (the country) and ER in capitals, unless the whole text is in capitals, and an APR, which is no month."""
    text = _ANNUAL_RATE.sub("A.P.R", text)
    return text if text == text.upper() else _EMERGENCY.sub("E.R", _COUNTRY.sub("U.S", text))


def _hyphens_apart(word: str) -> list[str]:
    return [word] if "-" not in word or word[0] == ":" else word.replace("-", " ").split()


def _counts(word: str) -> bool:
    return word[-1:].isdecimal() or word in NUMBER_WORDS or word == "oclock"


def _one_word_for_signs(words: list[str]) -> list[str]:
    """Replace negative before a number by minus, per cent by percent, and a m after a number by am."""
    out: list[str] = []
    for index, word in enumerate(words):
        after = words[index + 1] if index + 1 < len(words) else ""
        if word == "negative" and (after[:1].isdecimal() or after in NUMBER_WORDS or after == "point"):
            out.append("minus")
        elif word == "cent" and out[-1:] == ["per"]:
            out[-1] = "percent"
        elif word == "m" and out[-1:] in (["a"], ["p"]) and len(out) > 1 and _counts(out[-2]):
            out[-1] += word
        else:
            out.append(word)
    return out
