"""Recognize the words that programs write for a missing text: `null`, `None`, `NaN`, ..."""

MISSING = frozenset({"null", "NULL", "Null", "None", "NaN", "nan", "NAN", "<NA>", "NA", "N/A", "#N/A", "\\N"})
"""Spellings of JavaScript, Python, pandas, R, spreadsheets and databases."""

_AROUND = ' \t"'


def is_missing(text: str, other: str = "") -> bool:
    """Whether a text is one of these words and not speech.

    other: the text that it is compared with. The same word in another spelling there (`none.` beside `None`) shows that
    somebody says it.
    """
    word = text.strip(_AROUND)
    return word in MISSING and (other.strip() == word or other.strip(" .,!?").casefold() != word.casefold())


def problem(text: str, way_out: str) -> str:
    """Return the problem of the text, for a message after the name of its field."""
    word = text.strip(_AROUND)
    return f"is {word!r}, which programs write for a missing text; {way_out}, or write '{word}.' if somebody says it"
