"""Convert other notations of negative amounts to a minus sign: `($5)` in accounting, `▼3%` in tickers."""

import re

from voicelab.text.english.vocabulary import CURRENCY_SIGNS

_CURRENCY = "".join(CURRENCY_SIGNS)
_AMOUNT = rf"[{_CURRENCY}]\s?\d[\d,.]*\s?(?:%|[kmbt]n?\b|thousand|million|billion|trillion)?"
_ACCOUNTING = re.compile(
    rf"""
    (?: ^\s* | \b(?:of|was|were|is|are|at|to|by|from|:)\s+ | :\s* )
    \( (?P<amount> {_AMOUNT} ) \)
    | ^\s* \( (?P<share> \d[\d,]*(?:\.\d+)?\s?% ) \) \s*$
    | (?P<sign> [{_CURRENCY}] ) \( (?P<inside> \d[\d,.]* ) \)
    | (?<!\w) \( (?P<part> \d[\d,]*(?:\.\d+)? ) \) (?=\s?%)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_DOWN = re.compile(rf"[▼▾↓⬇🔻🔽]\ufe0f?\s?(?=[{_CURRENCY}]?\.?\d)")
_UP = re.compile(rf"[▲▴↑⬆🔺🔼]\ufe0f?\s?(?=[{_CURRENCY}]?\.?\d)")


def with_arrows(text: str) -> str:
    """Replace `▼3%` by `-3%` and `▲3%` by `3%`."""
    return text if text.isascii() else _UP.sub(" ", _DOWN.sub(" -", text))


def with_losses(text: str) -> str:
    """Replace `($5)` by `-$5` if the amount in parentheses is a part of the sentence."""
    return _ACCOUNTING.sub(_as_a_loss, text) if "(" in text else text


def _as_a_loss(found: re.Match[str]) -> str:
    if found["sign"]:
        return f" -{found['sign']}{found['inside']}"
    amount = found["amount"] or found["share"] or found["part"]
    return found[0].replace(f"({amount})", f"-{amount}")
