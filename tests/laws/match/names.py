"""Kinds of names: times, dates, years, addresses, codes, phone numbers, spelled names."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass, replace

from tests.laws.match.kind import Kind, another, another_digit
from tests.laws.match.speaking import (
    MONTHS,
    RADIO,
    below_hundred,
    digits,
    letters,
    ordinal,
    two_digits,
    year,
)

_NAMES = (
    "Smith Kowalski Nguyen Fischer Okafor Delgado Marsh Petrov Lindqvist Yamada Costello Brandt Whitfield Zhou Ibarra"
).split()
_WORDS = "pricing support orders sales billing contact team office press jobs".split()
_HOSTS = ("gmail.com", "yahoo.com", "outlook.com", "example.org", "acme.co", "mail.net")


@dataclass(frozen=True, slots=True)
class SpokenTime:
    """hour: 1 to 12. half: `am` or `pm`."""

    hour: int
    minute: int
    half: str


def _change_time(chance: random.Random, time: SpokenTime) -> SpokenTime:
    way = chance.choice(["hour", "minute", "half"])
    if way == "hour":
        return replace(time, hour=time.hour % 12 + 1)
    if way == "half":
        return replace(time, half="am" if time.half == "pm" else "pm")
    return replace(time, minute=(time.minute + chance.choice([5, 10, 30])) % 60)


def _written_time(time: SpokenTime) -> list[str]:
    clock = f"{time.hour}:{time.minute:02d}"
    dotted = f"{time.half[0]}.m."
    found = [f"{clock} {time.half}", f"{clock} {time.half.upper()}", f"{clock}{time.half}", f"{clock} {dotted}"]
    if not time.minute:
        found += [f"{time.hour} {time.half.upper()}", f"{time.hour}{time.half}", f"{time.hour} {dotted}"]
    return found


def _spoken_time(time: SpokenTime) -> list[str]:
    hour, half = below_hundred(time.hour), time.half
    part = "in the morning" if half == "am" else "in the evening"
    if not time.minute:
        said = [f"{hour} {half}", f"{hour} {half.upper()}", f"{hour} {half[0]} m", f"{hour} o'clock {part}"]
        return said + ({"pm": ["noon"], "am": ["midnight"]}[half] if time.hour == 12 else [])
    clock = f"{hour} {two_digits(time.minute)}"
    said = [f"{clock} {half}", f"{clock} {half.upper()}", f"{clock} {half[0]} m", f"{clock} {part}"]
    following = below_hundred(time.hour % 12 + 1)
    if time.minute in (15, 45):
        said.append(f"quarter {f'past {hour}' if time.minute == 15 else f'to {following}'} {half}")
        if time.minute == 45 and time.hour == 11:
            said.pop()  # "quarter to twelve pm" is ambiguous
    if time.minute == 30:
        said.append(f"half past {hour} {half}")
    return said


TIMES = Kind(
    "times",
    "time",
    lambda chance: SpokenTime(
        chance.randrange(1, 13), chance.choice([0, 0, 5, 15, 30, 45, chance.randrange(60)]), chance.choice(["am", "pm"])
    ),
    _change_time,
    _written_time,
    _spoken_time,
)


@dataclass(frozen=True, slots=True)
class SpokenDate:
    """A calendar date."""

    year: int
    month: int
    day: int


def _change_date(chance: random.Random, date: SpokenDate) -> SpokenDate:
    way = chance.choice(["year", "month", "day"])
    if way == "year":
        return replace(date, year=date.year + 1)
    if way == "month":
        return replace(date, month=date.month % 12 + 1)
    return replace(date, day=date.day % 28 + 1)


def _written_date(date: SpokenDate) -> list[str]:
    month = MONTHS[date.month - 1].title()
    return [
        f"{date.year}-{date.month:02d}-{date.day:02d}",
        f"{date.month}/{date.day}/{date.year}",
        f"{month} {date.day}, {date.year}",
        f"{date.day} {month} {date.year}",
        f"{month[:3]} {date.day} {date.year}",
    ]


def _spoken_date(date: SpokenDate) -> list[str]:
    month, day, said = MONTHS[date.month - 1], ordinal(date.day), year(date.year)
    return [
        f"{month} {day} {said}",
        f"the {day} of {month} {said}",
        f"{month} the {day} {said}",
        f"{month} {below_hundred(date.day)} {said}",
    ]


DATES = Kind(
    "dates",
    "date",
    lambda chance: SpokenDate(chance.randrange(1970, 2060), chance.randrange(1, 13), chance.randrange(1, 29)),
    _change_date,
    _written_date,
    _spoken_date,
)

_DECADES = {20: "twenties", 30: "thirties", 40: "forties", 50: "fifties", 60: "sixties", 70: "seventies",
            80: "eighties", 90: "nineties"}  # fmt: skip


def _written_year(value: str) -> list[str]:
    return [value, f"'{value[2:]}"] if value.endswith("s") and value.startswith("19") else [value]


def _spoken_year(value: str) -> list[str]:
    if not value.endswith("s"):
        return [year(int(value))]
    ten = _DECADES[int(value[2:4])]
    said = [f"{below_hundred(int(value[:2]))} {ten}"]
    return [*said, f"the {ten}"] if value.startswith("19") else said


YEARS = Kind(
    "years and decades",
    "",
    lambda chance: (
        f"{chance.choice([18, 19, 19, 19])}{chance.randrange(2, 10)}0s"
        if chance.random() < 0.5
        else str(chance.randrange(1801, 2060))
    ),
    lambda chance, value: f"{value[:2]}{another(chance, tuple('23456789'), value[2])}{value[3:]}",
    _written_year,
    _spoken_year,
)


def _draw_address(chance: random.Random) -> str:
    host = chance.choice(_HOSTS)
    if chance.random() < 0.4:
        start = chance.choice(["", "www.", "https://"])
        return f"{start}{host}/{chance.choice(_WORDS)}"
    name = chance.choice(_NAMES).lower()
    user = chance.choice([
        f"{chance.choice(string.ascii_lowercase)}.{name}", f"{chance.choice(_WORDS)}_{name}",
        f"{chance.choice(_WORDS)}-{name}", f"{name}{chance.randrange(10, 100)}", name,
    ])  # fmt: skip
    return f"{user}@{host}"


def _change_address(chance: random.Random, address: str) -> str:
    head, mark, host = address.partition("@")
    if mark and chance.random() < 0.5:
        return f"{head}{mark}{another(chance, _HOSTS, host)}"
    place = chance.choice([at for at, sign in enumerate(address) if sign.isalpha() and at > address.find("//")])
    letter = another(chance, tuple("bcdfgklmnprst"), address[place])
    return f"{address[:place]}{letter}{address[place + 1 :]}"


def _spoken_address(address: str) -> list[str]:
    marks = {".": " dot ", "@": " at ", "_": " underscore ", "-": " dash ", "/": " slash "}
    bare = address.removeprefix("https://")
    said, spelled = "", ""
    for sign in bare:
        digit = f" {digits(sign)} " if sign.isdigit() else ""
        said += marks.get(sign) or digit or sign
    user, at, host = bare.partition("@")
    if at:
        spelled = " ".join(marks.get(sign, digits(sign) if sign.isdigit() else sign) for sign in user)
        spelled += " at " + host.replace(".", " dot ")
    return [" ".join(text.split()) for text in (said, spelled) if text]


ADDRESSES = Kind(
    "addresses",
    "",
    _draw_address,
    _change_address,
    lambda address: [address],
    _spoken_address,
)


def _draw_code(chance: random.Random) -> str:
    pool = string.ascii_uppercase + string.digits + "MKBO"
    while True:
        code = "".join(chance.choice(pool) for _ in range(chance.randrange(4, 8)))
        mixed = any(sign.isdigit() for sign in code) and sum(sign.isalpha() for sign in code) > 1
        if mixed and not code.rstrip(string.ascii_uppercase).isdigit():  # `71MN` and `6OCT` may not be codes
            return code


def _change_code(chance: random.Random, code: str) -> str:
    place = chance.randrange(len(code))
    way = chance.choice(["change", "change", "more", "less"])
    if way == "less":
        return code[:-1] if chance.random() < 0.5 else code[1:]
    if way == "more":
        return code + chance.choice("BCDFG345")
    old = code[place]
    new = chance.choice([one for one in ("23456789" if old.isdigit() else "BCDFGHJKLMNPQRSTVWXYZ") if one != old])
    return f"{code[:place]}{new}{code[place + 1 :]}"


def _spoken_code(code: str) -> list[str]:
    said = [letters(code), letters(code, RADIO), letters(code).upper(), ", ".join(letters(code).split())]
    return [*said, said[0].replace("zero", "oh")] if "0" in code and "O" not in code else said


CODES = Kind(
    "codes",
    "code",
    _draw_code,
    _change_code,
    lambda code: [code, f"{code[:2]}-{code[2:]}", " ".join(code)],
    _spoken_code,
)


def _draw_phone(chance: random.Random) -> str:
    start = "1" if chance.random() < 0.4 else ""
    return start + f"{chance.randrange(201, 990)}{chance.randrange(201, 990)}{chance.randrange(10_000):04d}"


def _parts(phone: str) -> tuple[str, str, str, str]:
    return phone[:-10], phone[-10:-7], phone[-7:-4], phone[-4:]


def _written_phone(phone: str) -> list[str]:
    country, *parts = _parts(phone)
    start = f"+{country} " if country else ""
    area, middle, last = parts
    return [f"{start}{area}-{middle}-{last}", f"{start}({area}) {middle}-{last}", f"{start}{area}.{middle}.{last}",
            phone]  # fmt: skip


def _spoken_phone(phone: str) -> list[str]:
    country, *parts = _parts(phone)
    start = "plus one " if country else ""
    by_digit = [digits(part) for part in parts]
    return [
        start + " ".join(by_digit),
        start + ", ".join(by_digit),
        start + " ".join(digits(part, "oh") for part in parts),
        start + f"{by_digit[0]}. {by_digit[1]}. {by_digit[2]}",
    ]


PHONES = Kind(
    "phone numbers",
    "number",
    _draw_phone,
    lambda chance, phone: phone[:-10] + another_digit(chance, phone[-10:]),
    _written_phone,
    _spoken_phone,
)


_IN_SENTENCES = frozenset("YES WAS THINK THAT SAID RIGHT".split())
"""Words of the sentences around the values, which would name such a ticker."""


def _draw_spelled(chance: random.Random) -> str:
    ticker = "".join(chance.choice(string.ascii_uppercase) for _ in range(chance.randrange(3, 6)))
    ticker = ticker[::-1] if ticker in _IN_SENTENCES else ticker
    return chance.choice([ticker, chance.choice(_NAMES)])


def _change_spelled(chance: random.Random, word: str) -> str:
    place = chance.randrange(len(word))
    way = chance.choice(["change", "more", "less"])
    if way == "less":
        return word[:-1]
    letter = chance.choice([one for one in "bcdfghjklmnpqrtvwxz" if one != word[place].lower()])
    letter = letter.upper() if word.isupper() or place == 0 else letter
    return word + letter if way == "more" else f"{word[:place]}{letter}{word[place + 1 :]}"


SPELLED = Kind(
    "tickers and spelled names",
    "",
    _draw_spelled,
    _change_spelled,
    lambda word: [word],
    lambda word: [letters(word), letters(word).upper(), "-".join(letters(word).upper().split())],
)
