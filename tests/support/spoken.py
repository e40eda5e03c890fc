"""Spoken forms of numbers, dates and times, for tests with many equivalent forms."""

from tests.laws.match.speaking import (
    MONTHS,
    SMALL,
    below_hundred,
    cardinal,
    digits,
    ordinal,
    two_digits,
    year,
)

NUMBER_STYLES = [
    str,
    lambda number: f"{number:,}",
    cardinal,
    lambda number: cardinal(number, " and "),
    lambda number: cardinal(number).replace("ty ", "ty-"),
    lambda number: cardinal(number).upper(),
    lambda number: digits(str(number)),
]
DATE_STYLES = [
    lambda y, m, d: f"{y}-{m:02d}-{d:02d}",
    lambda y, m, d: f"{m}/{d}/{y % 100:02d}",
    lambda y, m, d: f"{m:02d}/{d:02d}/{y}",
    lambda y, m, d: f"{MONTHS[m - 1].title()} {d}, {y}",
    lambda y, m, d: f"{MONTHS[m - 1]} {ordinal(d)} {year(y)}",
    lambda y, m, d: f"the {ordinal(d)} of {MONTHS[m - 1]} {year(y)}",
    lambda y, m, d: f"{MONTHS[m - 1]} {below_hundred(d)} {year(y)}",
]


def past_or_to(hour: int, minute: int) -> str:
    if minute == 30:
        return f"half past {SMALL[hour]}"
    if minute < 30:
        return f"{below_hundred(minute)} past {SMALL[hour]}"
    return f"{below_hundred(60 - minute)} to {SMALL[hour % 12 + 1]}"


TIME_STYLES = [
    lambda h, m: f"{h}:{m:02d}",
    lambda h, m: f"{h}:{m:02d} PM",
    lambda h, m: f"{SMALL[h]} {two_digits(m)}",
    past_or_to,
    lambda h, m: f"{SMALL[h]} {two_digits(m)} p.m.",
]
