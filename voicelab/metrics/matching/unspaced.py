"""Entities in scripts without spaces between words, and Korean ones, which may have particles attached."""

import re
import unicodedata

from voicelab.metrics.matching.compounds import across_two_words
from voicelab.metrics.matching.eastern import HANGUL, UNSPACED
from voicelab.metrics.matching.folding import folded

_EASTERN = re.compile(f"[{HANGUL}{UNSPACED}]")
_HANGUL = re.compile(f"[{HANGUL}]")
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30ff]")
_PARTICLES = sorted(
    """은 는 이 가 을 를 의 에 에서 에게 에게서 께 께서 한테 로 으로 로서 로부터 와 과
    도 만 까지 부터 보다 처럼 마다 이나 나 이랑 랑 하고 이라 라 이라고 라고 이라는 라는 이란 란
    이든 든 조차 밖에 씨 님 씨가 씨는 님이 님은 들 들이 들은 에는 에도 에서는 에서도 으로는 으로도 로는
    로도 이고 고 이며 며 이요 요 야 이야 이다 입니다 입니까 이에요 예요 이었다 였다 이었습니다 였습니다 인데 인가요
    이죠 죠 인지""".split(),
    key=len,
    reverse=True,
)
_AFTER_KOREAN = re.compile(rf"(?:{'|'.join(_PARTICLES)})?(?![{HANGUL}])")


def needs_no_boundaries(entity: str) -> bool:
    """Whether the entity has a character of Hangul or of a script without spaces between words."""
    return not entity.isascii() and _EASTERN.search(entity) is not None


def named(entity: str, text: str) -> bool:
    """Whether the text contains the entity at letter and number boundaries, ignoring spaces and punctuation.

    Katakana matches whole words only: `ドル` is not in `アイドル`. Korean entities begin a word; a particle may follow.
    """
    wanted = _canonical(entity).replace(" ", "")
    if not wanted:
        return False
    spaced = r"\s?".join(re.escape(sign) for sign in wanted)
    said = _canonical(text)
    overlapping = re.finditer(f"(?=({spaced}))", said)
    return any(_is_whole(wanted, said, *found.span(1)) for found in overlapping)


def _canonical(text: str) -> str:
    """Fold and lower-case a text, and replace everything but letters, marks, digits and amount signs by one space."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", folded(text).lower())
    kept = "".join(sign if _is_kept(sign, plain, index) else " " for index, sign in enumerate(plain))
    return " ".join(kept.split())


def _is_kept(sign: str, text: str, index: int) -> bool:
    if sign in "%$€£¥₩&":
        return True
    after = text[index + 1 : index + 2]
    if sign == "-":
        return after.isdigit() and not text[index - 1 : index].isalnum()
    if sign == ".":
        return after.isdigit() and index > 0 and text[index - 1].isdigit()
    return sign.isalnum() or unicodedata.category(sign)[0] == "M"


def _is_whole(wanted: str, text: str, start: int, end: int) -> bool:
    before, after = text[start - 1] if start else " ", text[end] if end < len(text) else " "
    first, last = wanted[0], wanted[-1]
    if unicodedata.category(after)[0] == "M" or _one_word(before, first) or _one_word(last, after):
        return False
    if across_two_words(text, start, end):
        return False
    if first.isdigit() and before in ".-$€£¥₩":
        return False
    if last.isdigit() and after in ".%":
        return False
    if _HANGUL.match(first) and _HANGUL.match(before):
        return False
    return not _HANGUL.match(last) or _AFTER_KOREAN.match(text, end) is not None


def _one_word(left: str, right: str) -> bool:
    """Whether two adjacent characters belong to one word or number: two Latin letters, two digits, two katakana."""
    both = left + right
    return (both.isascii() and both.isalpha()) or both.isdigit() or all(_KATAKANA.match(sign) for sign in both)
