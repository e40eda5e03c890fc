"""Judge whether a partial transcript is complete, by rules for the last words of spoken English requests.

The rules use only words of closed classes, so misrecognized company names do not matter. Texts that match no rule are
OPEN.
"""

from enum import Enum


class Completeness(Enum):
    """Whether the words so far suggest that the user will continue."""

    COMPLETE = "complete"
    OPEN = "open"
    UNFINISHED = "unfinished"


_WANT_MORE = frozenset(
    # auxiliaries
    "is are was were am be has have had do does did can could would will should shall may might must "
    # determiners
    "a an the my your our their his its any some every each another which whose "
    # conjunctions, and prepositions that hardly ever end a sentence
    "and or but so because if whether while than plus versus nor unless until "
    "of from with into onto between against during per by regarding like as "
    # subjects and question words
    "i we they he she who i'm i'd i've i'll you're we're they're there's what what's where where's who's how how's "
    # verbs that take an object, adjectives before a noun, fillers
    "add remove put give tell show find check get set play explain save compare want need remind delete "
    "latest most full top current recent very um uh er erm hmm".split()
)
_STRANDABLE = frozenset("at for on to about in".split())
"""Prepositions that may end a question ("what is it trading at"); otherwise another word follows."""
_QUOTED = frozenset("stock price share shares".split())
"""Nouns in questions that may end in `at` ("what's the stock at")."""
_QUESTION_WORDS = frozenset("what what's where where's who who's which how".split())
_GIVING = frozenset("give tell show read find let catch walk get".split())
_ASKING = frozenset("can could would will do did".split())
_NO_POSSESSIVES = frozenset("mcdonald's macy's lowe's kohl's levi's wendy's it's that's".split())
_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million".split()
)
_BEFORE_AMOUNTS = frozenset("for at by above below over under than after in to".split())
_CLOSING_WORDS = frozenset(
    "please now today yesterday tomorrow tonight thanks bye goodbye watchlist watchlists anymore too lately recently "
    "instead again".split()
)
_CLOSING_PAIRS = frozenset(
    ("thank you", "this morning", "this week", "this month", "this year", "these days", "last week", "last month",
     "last year", "the moment", "watch list", "for me", "to it", "on it", "so far")
)  # fmt: skip
_SHORTEST_REQUEST = 3
"""Minimum number of words; "please" and "today" alone start as many requests as they end."""
_WHOLE = frozenset("yes no yeah yep nope stop cancel help okay ok thanks bye goodbye hello hi quiet pause".split())


def completeness(text: str) -> Completeness:
    """Judge a partial transcript, ignoring case and punctuation. An empty one is OPEN."""
    stripped = (word.strip('.,?!;:"') for word in text.lower().replace("’", "'").split())
    words = [word for word in stripped if word]
    if not words:
        return Completeness.OPEN
    if len(words) == 1 and words[0] in _WHOLE:
        return Completeness.COMPLETE
    closed = words[-1] in _CLOSING_WORDS or " ".join(words[-2:]) in _CLOSING_PAIRS
    if closed and len(words) >= _SHORTEST_REQUEST:
        return Completeness.COMPLETE
    return Completeness.UNFINISHED if _wants_more(words) else Completeness.OPEN


def _wants_more(words: list[str]) -> bool:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _STRANDABLE:
        ends_question = before.endswith("ing") or (last == "at" and before in _QUOTED)
        return not (ends_question and _QUESTION_WORDS.intersection(words))
    if last in _NUMBERS:
        others = [word for word in words if word not in _NUMBERS]
        return bool(others) and others[-1] in _BEFORE_AMOUNTS
    if last == "me":
        return before in _GIVING
    if last == "you":
        return before in _ASKING
    if last.endswith("'s") and last not in _NO_POSSESSIVES:
        return True
    return last in _WANT_MORE
