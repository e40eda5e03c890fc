"""Names and phrases: the same words in any spelling and word split, with possessives and number words."""

from collections.abc import Iterator, Sequence
from itertools import product

from voicelab.metrics.matching.numerals import ByStart, by_start, is_range, numbers
from voicelab.metrics.matching.spelling import nothing_left_over
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.tokens import pieces_of_camel_case, tokenize
from voicelab.metrics.matching.vocabulary import CORPORATE, SCALE_LETTERS, TITLES

_ARTICLES = frozenset({"a", "i", "o"})
_SHORTEST_PLURAL = 4
_SHORTEST_REST = 3
_WIDEST = 12
"""Maximum number of tokens that may be joined."""

_SAID_MARKS = {
    ".": ("dot", "point", "period"),
    "-": ("dash", "hyphen", "minus", "to", "through"),
    "_": ("underscore",),
    "/": ("slash",),
}
COUNTS = {"1": "first", "2": "second", "3": "third", "4": "fourth"}
_PERIODS = {"q": "quarter", "h": "half", "fy": "fiscal year"}

_ALSO_WORDS = frozenset({*SCALE_LETTERS, "plus", "positive"})


def says(
    phrase: Sequence[Token],
    text: Sequence[Token],
    *,
    name: bool = False,
    company: bool = False,
    person: bool = False,
    article: bool = True,
) -> bool:
    """Whether the text contains the phrase at word boundaries.

    name: the plural matches too. company: its legal form (`Inc.`) and a leading `the` may be missing. person: the title
    may be missing. article: an `a` before a spelled name may be an article.
    """
    text_numbers = by_start(numbers(text))
    for wording in _wordings(phrase, company=company, person=person):
        match = _Match(wording, text, by_start(numbers(wording)), text_numbers, plural=name, article=article)
        if any(match.begins(start) for start in range(len(text))):
            return True
    return False


def _wordings(phrase: Sequence[Token], *, company: bool, person: bool) -> Iterator[tuple[Token, ...]]:
    yield tuple(phrase)
    if is_period(phrase):
        yield from _periods(phrase)
    if len(phrase) > 1 and phrase[0].text == "the" and numbers(phrase):
        yield tuple(phrase[1:])
    shorter = list(phrase)
    if company:
        while len(shorter) > 1 and shorter[-1].text in CORPORATE:
            shorter.pop()
        if len(shorter) > 1 and shorter[0].text == "the":
            shorter.pop(0)
    if person:
        while len(shorter) > 1 and shorter[0].text in TITLES:
            shorter.pop(0)
    if len(shorter) < len(phrase):
        yield tuple(shorter)


def _periods(phrase: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    """`Q3 FY24` as `third quarter fiscal year 24`, and `fiscal 24` beside it."""
    if phrase[1].text in _PERIODS:
        phrase = (phrase[1], phrase[0], *phrase[2:])
    rest = phrase[2:]
    later = [tuple(rest), *(_periods(rest) if is_period(rest) else ())]
    if phrase[0].text == "fy":
        yield from ((*tokenize(name), phrase[1], *more) for name in ("fiscal year", "fiscal") for more in later)
        return
    count = f"{COUNTS[phrase[1].text]} {_PERIODS[phrase[0].text]}"
    if len(rest) == 1 and len(rest[0].text) == 2 and rest[0].number:
        later.append(tokenize(f"20{rest[0].text}"))
    yield from ((*tokenize(count), *more) for more in later)


def is_period(phrase: Sequence[Token]) -> bool:
    """`Q3`, `3Q24`, `H1` or `FY2024`, spoken also as `third quarter`, `first half` and `fiscal year`."""
    if len(phrase) < 2 or not phrase[1].joined:
        return False
    if phrase[0].text in COUNTS and phrase[1].text in ("q", "h"):
        if len(phrase) == 2:
            return phrase[1].text == "q"
        return len(phrase) == 3 and phrase[2].joined and len(phrase[2].text) in (2, 4)
    if phrase[0].text not in _PERIODS:
        return False
    if len(phrase) > 2 and phrase[2].joined and not phrase[2].number and not is_period(phrase[2:]):
        return False  # `Q4NDQ0` is a code
    return phrase[1].text in COUNTS or (phrase[0].text == "fy" and len(phrase[1].text) in (2, 4) and phrase[1].number)


class _Match:
    """Match a wording of a phrase against a text."""

    def __init__(
        self,
        phrase: Sequence[Token],
        text: Sequence[Token],
        mine: ByStart,
        other: ByStart,
        *,
        plural: bool,
        article: bool,
    ) -> None:
        self._phrase, self._text = phrase, text
        self._mine, self._other = mine, other
        self._plural, self._article = plural, article
        self._start = 0
        self._number_places, self._text_numbers = _places(mine, phrase), _places(other, text)

    def begins(self, start: int) -> bool:
        """Whether the phrase is at `start` of the text, without extra spelled letters before or after it."""
        self._start = start
        return self.at(0, start)

    def at(self, index: int, start: int) -> bool:
        """Whether phrase[place:] is in the text at `start`."""
        if index == len(self._phrase):
            return nothing_left_over(self._text, self._start, start, article=self._article)
        if start == len(self._text):
            return False
        wanted = self._phrase[index]
        if wanted.optional and index and self.at(index + 1, start):
            return True
        there = self._text[start]
        if wanted.joined and there.text in _SAID_MARKS.get(wanted.mark, ()):
            return self.at(index, start + 1)
        if index and there.joined and wanted.text in _SAID_MARKS.get(there.mark, ()) and self.at(index + 1, start):
            return True
        if index and there.raw == "&" and self.at(index, start + 1):
            return True
        of = there.text == "of" and index > 0 and self._phrase[index - 1].text in ("quarter", "half", "year")
        if of and wanted.number and self.at(index, start + 1):
            return True
        range_to = wanted.text in ("to", "through") and index > 0 and is_range(self._text, start - 1)
        if range_to and self.at(index + 1, start):
            return True
        ends = (*self._same_number(index, start), *self._same_word(index, start), *self._run_together(index, start))
        return any(self.at(*end) for end in ends)

    def _same_number(self, index: int, start: int) -> Iterator[tuple[int, int]]:
        for mine, other in product(self._mine.get(index, ()), self._other.get(start, ())):
            whole = mine.partial or not other.partial or self._same_letter(mine.end, other.end)
            if mine.readings & other.readings and whole:
                yield mine.end, other.end

    def _same_letter(self, index: int, start: int) -> bool:
        """Whether the letter after a number, which may be a scale, follows in both: `four b` and 4B."""
        mine, other = self._phrase[index : index + 1], self._text[start : start + 1]
        return bool(mine and other) and other[0].text in SCALE_LETTERS and mine[0].text == other[0].text

    def _same_word(self, index: int, start: int) -> Iterator[tuple[int, int]]:
        mine, other = self._phrase[index], self._text[start]
        if index in self._number_places or start in self._text_numbers or mine.number or other.number:
            return
        last = index == len(self._phrase) - 1
        if mine.forms & other.forms or (last and self._plural and _is_plural(mine, other)):
            yield index + 1, start + 1

    def _run_together(self, index: int, start: int) -> Iterator[tuple[int, int]]:
        """`JP Morgan`, `JPMorgan` and `j p morgan`; `watch list` and `watchlist`."""
        left, right = index + 1, start + 1
        mine, other = self._phrase[index].text, self._text[start].text
        if index in self._number_places and start in self._text_numbers:
            return
        while left - index + right - start <= _WIDEST and mine != other:
            if len(mine) < len(other):
                if left == len(self._phrase) or not other.startswith(mine):
                    return
                mine, left = mine + self._phrase[left].text, left + 1
            else:
                if right == len(self._text) or not mine.startswith(other):
                    break
                other, right = other + self._text[right].text, right + 1
        if not mine.isalpha() or (left - index == 1 and right - start == 1):
            return
        ending = left == len(self._phrase) and self._plural and other in (mine + "s", mine + "es")
        if mine != other and not ending:
            return
        there = self._text[start:right]
        as_its_capitals_show = pieces_of_camel_case(self._phrase[index]) == tuple(token.text for token in there)
        here = tuple(token.text for token in self._phrase[index:left])
        as_its_capitals_show |= right - start == 1 and pieces_of_camel_case(self._text[start]) == here
        if as_its_capitals_show or (_may_run_together(self._phrase[index:left]) and _may_run_together(there)):
            yield left, right


def _places(found: ByStart, tokens: Sequence[Token]) -> frozenset[int]:
    """Positions of number words; the letter of `3M` and `plus` may also be words."""
    places = {index for same in found.values() for one in same for index in range(one.start, one.end)}
    return frozenset(index for index in places if tokens[index].text not in _ALSO_WORDS)


def _is_plural(mine: Token, other: Token) -> bool:
    return len(mine.text) >= _SHORTEST_PLURAL and other.text in (mine.text + "s", mine.text + "es")


def _may_run_together(tokens: Sequence[Token]) -> bool:
    """One word; letters spelled out; words of two letters and more; letters and then a word (`e bay`, not `a part`)."""
    lengths = [len(token.text) for token in tokens]
    if len(tokens) == 1 or all(length == 1 for length in lengths):
        return True
    if any(token.paused for token in tokens[1:]):
        return False
    if all(length > 1 for length in lengths):
        return True
    letters = next(index for index, length in enumerate(lengths) if length > 1)
    plain_letter = letters > 1 or tokens[0].text not in _ARTICLES or tokens[1].joined or _capital_inside(tokens)
    return letters > 0 and plain_letter and all(length >= _SHORTEST_REST for length in lengths[letters:])


def _capital_inside(tokens: Sequence[Token]) -> bool:
    """`I Phone`, as some recognizers write names: the letter and the word are both capitals."""
    return tokens[0].raw.isupper() and tokens[1].raw[:1].isupper()
