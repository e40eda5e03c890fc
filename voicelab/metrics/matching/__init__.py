"""Decide whether a text names an entity in any spoken or written form, by deterministic rules.

    >>> found("$212.50", "that was two hundred twelve dollars and fifty cents")
    True
    >>> found("19", "flight nine nineteen")
    False

docs/reference/matching.md describes the rules.
"""

import re
from collections.abc import Sequence

from voicelab.metrics.matching import addresses, amounts, clock, codes, dates, shares, unspaced
from voicelab.metrics.matching.eastern import with_english_currencies
from voicelab.metrics.matching.folding import folded
from voicelab.metrics.matching.fractions import is_one_part, names_one_part
from voicelab.metrics.matching.kinds import CLASSES, EntityClass, kind_of, known_class, names_clock
from voicelab.metrics.matching.marked import in_words, without_forms, without_negative_halves, without_other_ratings
from voicelab.metrics.matching.numerals import is_fraction, says_pair
from voicelab.metrics.matching.phrases import is_period, says
from voicelab.metrics.matching.remainder import rest_is_said, verbatim
from voicelab.metrics.matching.respelled import ranges_in_words, respelled
from voicelab.metrics.matching.spelling import names_letter
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.tokens import tokenize, with_scores_apart
from voicelab.metrics.matching.units import height, heights
from voicelab.metrics.matching.vocabulary import SPELLED_NUMBERS, WEEKDAY_NAMES

_TWICE = re.compile(r"\s*(\S.*?)\s+\(([^()]*\w[^()]*)\)(\s+\w[^()]*)?\s*")
"""An entity in the form `spoken (written)`."""
_VALUES = frozenset({"money", "percent", "date", "time", "number"})

__all__ = ["CLASSES", "EntityClass", "found", "kind_of", "known_class"]


def found(entity: str, text: str, entity_class: str | None = None) -> bool:
    """Whether the text names the entity.

    entity_class: one of CLASSES or a common synonym; by default, and for an unknown name, it is inferred from the
    spelling of the entity.
    """
    if entity.lstrip().startswith("(") and entity.strip() in text:
        return True  # `($5)` alone is negative; in a sentence it is an aside
    given = known_class(entity_class)
    if given == "code" and entity.startswith("RM"):
        entity = f"Rm{entity[2:]}"  # `RM57` as a code is not 57 ringgit
    entity, text = in_words(entity), without_other_ratings(entity, in_words(text))
    text = without_forms(entity, without_negative_halves(entity, text))
    if _once(entity, text, given) or any(_once(*pair, given) for pair in respelled(entity, text)):
        return True
    ranges = ranges_in_words(entity, text)
    return ranges is not None and _found(*ranges, "name")


def _once(entity: str, text: str, given: EntityClass | None) -> bool:
    """Whether the text names the entity in this spelling."""
    if _found(entity, text, given):
        return True
    twice = _TWICE.fullmatch(entity)
    if twice is None:
        return False
    # Words after the parentheses belong to both: `three (3) days` is `three days` and `3 days`.
    rest = twice[3] or ""
    return _either(twice[1] + rest, twice[2] + rest, text, given)


def _either(outer: str, inner: str, text: str, given: EntityClass | None) -> bool:
    """Whether the text names `outer (inner)`: either one if they name the same thing, else both."""
    same = _found(outer, inner, given) or _found(inner, outer, given)
    if not same and inner.islower() and not any(sign.isdigit() for sign in inner):
        return _found(outer, text, given)  # a remark, as in `Chase (bank)`, and not another name
    kinds = [kind_of(one, tokenize(one, spoken=False)) for one in (outer, inner)]
    if not same and (all(kind in _VALUES for kind in kinds) or inner.lower() in WEEKDAY_NAMES):
        return _found(outer, text, None) and _found(inner, text, None)
    return _found(outer, text, given) or _found(inner, text, given)


def _found(entity: str, text: str, given: EntityClass | None) -> bool:
    if unspaced.needs_no_boundaries(entity):
        return unspaced.named(entity, text)
    if addresses.is_address(entity):
        return addresses.named(entity, text)
    wanted = tokenize(entity, spoken=False)
    said = tokenize(text if text.isascii() else with_english_currencies(folded(text)))
    if not wanted or not said:
        return False
    if len(wanted) == 1:
        said = with_scores_apart(said)
    if (inches := height(entity)) and codes.spells(inches, said):
        return True
    kind = given or kind_of(entity, wanted)
    by_value = _by_value(kind, entity, wanted, text, said)
    if by_value is not None:
        same_words = kind not in ("money", "percent", "time") and verbatim(wanted, said)
        if given is None and is_fraction(wanted):  # `3/4` may be the fourth of March or three quarters
            same_words = same_words or says(wanted, said) or names_one_part(wanted, said)
        if kind == "money" and "pounds" in [token.text for token in wanted]:
            same_words = same_words or says(wanted, said)  # the weight
        if given is None and not same_words:
            same_words = says_pair(wanted, said)
        return (by_value and rest_is_said(wanted, said)) or same_words
    if _named(entity, wanted, said, kind) or says_pair(wanted, said) or is_one_part(wanted, said):
        return True
    # `five thirty` may be a number or a time of day, unless the text has `5:30`.
    return given is None and _in_digits(wanted, text, said, kind)


def _in_digits(wanted: tuple[Token, ...], text: str, said: tuple[Token, ...], kind: EntityClass) -> bool:
    """Whether the text has the time, the price or the date in digits that spoken numbers may be."""
    if clock.may_be_said(wanted):
        whole = (one for one in clock.times(wanted) if one.start == 0 or wanted[one.start].text not in SPELLED_NUMBERS)
        if any(_at_the_times([[one]], said) for one in whole if not one.vague):
            return True
    if amounts.may_be_prices(wanted) and amounts.names_prices(amounts.money(wanted), amounts.money(said)):
        return rest_is_said(wanted, said)
    if kind != "number":
        return False
    return dates.names_digits(wanted, text) or (len(wanted) == 2 and codes.spells_any(heights(text), wanted))


def _by_value(
    kind: EntityClass, entity: str, wanted: tuple[Token, ...], text: str, said: tuple[Token, ...]
) -> bool | None:
    """Whether the text has the same amount, date or time; None if the entity is not of that class."""
    if kind == "money" and (sums := amounts.money(wanted)):
        return amounts.names_money(sums, amounts.money(said))
    if kind == "percent" and (wanted_shares := shares.percentages(wanted) or shares.bare(wanted)):
        return shares.names_shares(wanted_shares, shares.percentages(said))
    moments = clock.named_times(wanted)
    if kind == "date" and (named := dates.of_entity(entity, wanted)):
        also = moments if names_clock(entity, wanted) else []
        month = dates.month_and_year(wanted)
        said_so = all(dates.names_date(one, text, said) for one in named) or (
            month is not None and dates.names_date(month, text, said)
        )
        return said_so and _at_the_times(also, said)
    if kind == "time" and moments:
        return _at_the_times(moments, said)
    return None


def _at_the_times(wanted: Sequence[Sequence[clock.Time]], said: tuple[Token, ...]) -> bool:
    """Whether each of the times is named, in one of its readings."""
    spoken = [one for one in clock.times(said) if not one.vague]
    return all(any(one.same(other) for one in readings for other in spoken) for readings in wanted)


def _named(entity: str, wanted: tuple[Token, ...], said: tuple[Token, ...], kind: EntityClass) -> bool:
    digits = codes.phone_digits(wanted)
    if digits and codes.says_digits(digits, said):
        return True
    if codes.is_dotted(wanted) and any(codes.spells(code, said) for code in codes.readings(wanted)):
        return True
    if len(wanted) == 1 and wanted[0].spelled and wanted[0].raw not in ("A", "I", "a", "i"):
        return names_letter(wanted[0], said, same_case=kind == "ticker")
    capital = entity != entity.lower()
    name = kind in ("company", "person", "date") or (kind == "name" and capital)
    if kind == "code" and len(entity.split()) == 1 and not is_period(wanted):
        return codes.spells_any(codes.readings(wanted), said)
    article = kind not in ("ticker", "code")
    spelled_code = kind == "code" and codes.is_spelled(wanted) and not is_period(wanted)
    spelled_code = spelled_code and "point" not in [token.text for token in wanted]  # `i o s seventeen point four`
    if not spelled_code and says(
        wanted, said, name=name, company=kind == "company", person=kind == "person", article=article
    ):
        return True
    spelled = kind in ("code", "ticker") or (kind in ("company", "person", "name") and len(wanted) == 1)
    several = {code for code in codes.readings(wanted) if len(code) > 1}
    return spelled and codes.spells_any(several, said, by_letters=kind != "code", article=article)
