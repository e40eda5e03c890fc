"""Numbers in Chinese, Japanese and Korean text, as digits: `三百` is 300, `百分之三` is 3%, `3万` is 30000."""

import re
from decimal import Decimal

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005\u3007"
KANA = "\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff"
HANGUL = "\uac00-\ud7a3"
UNSPACED = HAN + KANA + "\u0e00-\u0e7f\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
"""Scripts without spaces between words: Han, kana, Thai, Lao, Tibetan, Burmese, Khmer."""

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8}
_NUMERAL = "".join((*_DIGITS, *_TENS, *_MYRIADS))
_COUNTED = "%|元|块|塊|美|円|日|月|年|号|點|点|个|股|倍|人|時|时|分|度|名|天|ドル|パーセント"
_RUN = re.compile(
    rf"""
    (?P<whole> [\d,]*\d(?:\.\d+)?[{"".join(_MYRIADS)}][{_NUMERAL}\d]* | [{_NUMERAL}]+ )
    (?: [点點](?P<part>[{"".join(_DIGITS)}]+) )?
    """,
    re.VERBOSE,
)
_PERCENT = re.compile(r"百分之([负負]?[\d.,]+)")
_MINUS = re.compile(r"(?:负|負|マイナス|零下|마이너스)\s?(?=[\d$€])")
_UNITS = (
    (re.compile(r"(?<=\d)\s?(?:パーセント|퍼센트|프로)"), "%"),
    (re.compile(r"(?<=\d)\s?(?:块钱|塊錢|块|塊|元钱)"), "元"),
    (re.compile(r"(?<=\d)\s?(?:美元|美金|ドル|달러)"), "美元"),
    (re.compile(r"(?<=\d)\s?[号號]"), "日"),
)
_IN_ENGLISH = re.compile(r"(?<=\d)\s?(美元|欧元|ユーロ|유로|日元|円|원|元)")
_CURRENCIES = {"美元": "dollars", "欧元": "euros", "ユーロ": "euros", "유로": "euros", "日元": "yen", "円": "yen",
               "원": "won", "元": "yuan"}  # fmt: skip
_KOREAN = {sign: value for value, sign in enumerate("영일이삼사오육칠팔구")} | {"공": 0}
_KOREAN_TENS = {"십": 10, "백": 100, "천": 1000}
_KOREAN_NUMERAL = "".join((*_KOREAN, *_KOREAN_TENS)) + "만억"
_KOREAN_UNITS = "퍼센트|프로|%|원|달러|유로|년|월|일|주"
_KOREAN_RUN = re.compile(rf"(?<![{HANGUL}])(?P<run>[{_KOREAN_NUMERAL}]+)(?=\s?(?:{_KOREAN_UNITS}))")


def with_plain_numbers(text: str) -> str:
    """The text with its numbers as digits. A single numeral stays unless a unit follows it: `一起` is not a number."""
    text = _RUN.sub(_in_digits, text)
    text = _KOREAN_RUN.sub(_korean_in_digits, text)
    text = _PERCENT.sub(r" \1%", text)
    text = _MINUS.sub(" -", text)
    for unit, sign in _UNITS:
        text = unit.sub(sign, text)
    return text


def with_english_currencies(text: str) -> str:
    """`5 dollars` for `5美元`, for entities without Chinese characters."""
    return _IN_ENGLISH.sub(lambda found: f" {_CURRENCIES[found[1]]} ", text)


def _in_digits(found: re.Match[str]) -> str:
    whole, part = found["whole"], found["part"]
    before, after = found.string[: found.start()], found.string[found.end() :]
    if whole == "百" and after.startswith("分之"):
        return found[0]
    counted = re.match(_COUNTED, after) or before.endswith(("第", "百分之", "负", "負"))
    if len(found[0]) == 1 and not counted:
        return found[0]
    value = _value(whole, _DIGITS, _TENS, _MYRIADS)
    if value is None:
        return found[0]
    digits = "".join(str(_DIGITS[sign]) for sign in part or "")
    return f"{value}.{digits}" if digits else value


def _korean_in_digits(found: re.Match[str]) -> str:
    value = _value(found["run"], _KOREAN, _KOREAN_TENS, {"만": 10**4, "억": 10**8})
    return found["run"] if value is None else value


def _value(text: str, digits: dict[str, int], tens: dict[str, int], myriads: dict[str, int]) -> str | None:
    """A numeral as digits: by places (`三百二十`), digit by digit (`二零二四`), or with digits (`1.5亿`)."""
    if all(sign in digits for sign in text):
        return "".join(str(digits[sign]) for sign in text)
    total, group, number, last = Decimal(0), Decimal(0), "", 1
    for sign in text.replace(",", ""):
        if sign in digits:
            number += str(digits[sign])
        elif sign.isdigit() or sign == ".":
            number += sign
        elif sign in tens:
            group, number, last = group + (Decimal(number) if number else 1) * tens[sign], "", tens[sign]
        elif sign in myriads:
            group += Decimal(number) if number else 0
            total, group, number, last = total + (group or 1) * myriads[sign], Decimal(0), "", myriads[sign]
    if len(number) == 1 and last > 10:
        group += Decimal(number) * (last // 10 - 1)  # `三千五` is 3500, `三千零五` 3005
    total += group + (Decimal(number) if number else 0)
    return f"{total.normalize():f}"
