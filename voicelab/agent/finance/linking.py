"""Find the companies that a text names, including misrecognized names.

Every sequence of one to four words is compared with every form of every company's name, by spelling (rapidfuzz: the
share of common letters, in order) and by sound (the same on jellyfish's Metaphone codes). The score is the mean of
both; 1 is an exact match. The matching is not tuned to the errors of any particular recognizer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import jellyfish
from rapidfuzz import fuzz

from voicelab.agent.base import Entity
from voicelab.agent.finance.market import Company
from voicelab.text import NORMALIZERS

_LONGEST_RUN = 4
_SHORTEST_FUZZY = 4
"""Shorter forms ("Uber" has 4 letters, "IBM" 3) must match exactly, because many short words are similar to them."""

_COMMON = frozenset(
    """
    a about add again all also an and any anything are as at be been but buy by can cause caused cost costs could
    day deep deeper did dive do does doing for from get give go going good had has have headlines hear hello hey how
    i if in is it its just know last latest let list look looking market me mean more much my new news next no not
    now of off on one open or our out over please price prices put quote read remove right say see sell set share
    shares should show so some stock stocks stop take tell than thank thanks that the their them then there they
    thing think this time to today track trading up us view want was watch watchlist we week well were what whats
    when where which who why will with would year you your
    """.split()
)
"""Common words of requests. Sequences of only these must score at least _SURE to name a company ("cost go": Costco)."""

_SURE = 0.9


@dataclass(frozen=True, slots=True)
class _Form:
    ticker: str
    joined: str
    sound: str


class CompanyLinker:
    """Links words to companies by their names and aliases. companies: by ticker."""

    def __init__(self, companies: Mapping[str, Company]) -> None:
        self._companies = companies
        self._fuzzy: list[_Form] = []
        self._exact: dict[tuple[str, ...], str] = {}
        for ticker, company in companies.items():
            for form in (company.name, *company.aliases):
                words = tuple(NORMALIZERS["basic"].words(form))
                joined = "".join(words)
                self._exact[words] = ticker
                if len(joined) >= _SHORTEST_FUZZY:
                    self._fuzzy.append(_Form(ticker, joined, jellyfish.metaphone(joined)))
            # Tickers are spelled out or written, so they must match exactly.
            if len(ticker) > 1:
                self._exact[tuple(ticker.lower())] = ticker
                if ticker.lower() not in _COMMON:
                    self._exact[(ticker.lower(),)] = ticker

    def candidates(self, text: str) -> list[Entity]:
        """Return the best matches, best first; no two of them share a word."""
        without_possessives = text.replace("’", "'").replace("'s ", " ").removesuffix("'s")
        words = tuple(NORMALIZERS["basic"].words(without_possessives))
        scored = [scored for run in _runs(words) if (scored := self._best(words, *run)) is not None]
        scored.sort(key=lambda item: (-item[0].score, item[1][0] - item[1][1], item[1]))
        taken: list[tuple[int, int]] = []
        found: list[Entity] = []
        for entity, (start, end) in scored:
            if all(end <= first or start >= last for first, last in taken):
                taken.append((start, end))
                found.append(entity)
        return found

    def _best(self, words: tuple[str, ...], start: int, end: int) -> tuple[Entity, tuple[int, int]] | None:
        run = words[start:end]
        ticker = self._exact.get(run)
        score = 1.0
        if ticker is None:
            joined = "".join(run)
            common = all(word in _COMMON for word in run)
            if len(joined) < _SHORTEST_FUZZY or (common and len(run) == 1):
                return None
            sound = jellyfish.metaphone(joined)
            score, ticker = max((_likeness(joined, sound, form), form.ticker) for form in self._fuzzy)
            if score <= (_SURE if common else 0.0):
                return None
        return Entity("company", ticker, self._companies[ticker].name, " ".join(run), round(score, 4)), (start, end)


def _likeness(joined: str, sound: str, form: _Form) -> float:
    spelling = fuzz.ratio(joined, form.joined)
    if spelling < 40:
        return 0.0
    return (spelling + fuzz.ratio(sound, form.sound)) / 200


def _runs(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST_RUN, len(words)) + 1):
            yield start, end
