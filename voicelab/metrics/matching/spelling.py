"""Names spelled letter by letter, and whether an adjacent letter belongs to them."""

from collections.abc import Sequence

from voicelab.metrics.matching.token import Token

_AFTER_ARTICLE = frozenset(
    """week weeks lot day days bit few little couple month months year years share minute moment while second good
    great bad new big small better try call look buy hundred thousand million long short""".split()
)
_AFTER_PRONOUN = frozenset(
    """want need have think would will was am m ll d ve mean guess believe said say know like should could can did do
    just also bought sold own hope see heard got""".split()
)
_FIRST_PERSON = frozenset("want need have think am m ve mean guess believe say know hope see".split())
_BEFORE_ARTICLE = frozenset(
    """is was be its has have had got get gets buy bought sell sold own owns drive drives drove rent rented in on at of
    for with from by need want into as like about than thats theres not such see saw call called using use
    used""".split()
)


_JOINING = frozenset("dot dash hyphen slash".split())


def nothing_left_over(text: Sequence[Token], start: int, end: int, *, article: bool) -> bool:
    """Whether text[start:end] has no further spelled letters before or after it.

    article: an `a` before it may be an article, as in `a b m w`. After it, an `a` or `i` is a word only before a
    suitable word, as in `n v d a a week ago`.
    """
    if end <= start:
        return True
    first, last = text[start], text[end - 1]
    after = text[end] if end < len(text) else None
    if after is not None and last.raw.isupper() and _is_share_class(after):
        return False
    spelled = start + 1 < end and first.spelled and text[start + 1].spelled
    if spelled and start and not first.paused and is_letter_before(text, start, article=article):
        return False
    spelled = start + 1 < end and last.spelled and text[end - 2].spelled
    if ends_in_a_pronoun(text, start, end):
        return False
    return not (spelled and after is not None and not after.paused and is_letter_after(text, end))


def names_letter(letter: Token, text: Sequence[Token], *, same_case: bool) -> bool:
    """Whether the text has a letter by itself: `t` is not in `a t and t`. same_case: `V` is not `v`."""
    places = (at for at, one in enumerate(text) if (one.raw == letter.raw if same_case else one.forms & letter.forms))
    return any(not _is_among_letters(text, at) for at in places)


def _is_among_letters(text: Sequence[Token], at: int) -> bool:
    """Whether the letter at `at` is spelled in one breath with others, as in `n v d a` and `a t and t`."""
    before = text[at - 1] if at and not text[at].paused else None
    after = text[at + 1] if at + 1 < len(text) and not text[at + 1].paused else None
    beside = any(one is not None and one.spelled and one.text not in ("a", "i") for one in (before, after))
    windows = (text[start : start + 4] for start in range(max(0, at - 3), at + 1))
    return beside or any([one.spelled or one.text for one in four] == [True, True, "and", True] for four in windows)


def _is_share_class(token: Token) -> bool:
    """`B` of `BRK.B`."""
    return token.joined and token.mark in (".", "-", "/") and token.spelled and token.raw.isupper()


def is_letter_before(text: Sequence[Token], start: int, *, article: bool) -> bool:
    """Whether the token before `start` is another letter of the spelled name."""
    letter = text[start - 1]
    if not letter.spelled or _another_case(letter, text[start]):
        return False
    before = text[start - 2].text if start > 1 else ""
    return not (article and letter.text == "a" and before in _BEFORE_ARTICLE)


def is_letter_after(text: Sequence[Token], end: int) -> bool:
    """Whether the token at `end` is another letter of the spelled name, or a `dot` or `dash` before one."""
    letter = text[end]
    following = text[end + 1] if end + 1 < len(text) else None
    if letter.text in _JOINING and following is not None and following.spelled and not following.paused:
        return following.text not in ("a", "i") and not _another_case(following, text[end - 1])
    if not letter.spelled or _another_case(letter, text[end - 1]):
        return False
    after = text[end + 1].text if end + 1 < len(text) else ""
    if letter.text == "a":
        return after not in _AFTER_ARTICLE
    return letter.text != "i" or after not in _AFTER_PRONOUN


def ends_in_a_pronoun(text: Sequence[Token], start: int, end: int) -> bool:
    """Whether the last letter is the pronoun in `it is r n o i think`, judged by the verb after it and by its case.

    A name would need another form of the verb: `levi thinks`.
    """
    last, before = text[end - 1], text[end - 2] if end - start > 1 else None
    if before is None or last.text != "i" or last.joined:
        return False
    after = text[end].text if end < len(text) else ""
    apart = before.joined or not before.spelled or (last.raw == "I" and before.raw.islower())
    return after in _FIRST_PERSON or (apart and after in _AFTER_PRONOUN)


def _another_case(letter: Token, other: Token) -> bool:
    """`a` beside `N V D A`: the spelled letters are capitals, the article is not."""
    return other.spelled and other.raw.isupper() and letter.raw.islower()
