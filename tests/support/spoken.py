"""How people say numbers, dates and times, for tests that need many ways of saying the same."""

SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
SMALL += "seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "january february march april may june july august september october november december".split()
_IRREGULAR = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}


def below_hundred(number: int) -> str:
    if number < 20:
        return SMALL[number]
    return TENS[number // 10 - 2] + (f" {SMALL[number % 10]}" if number % 10 else "")


def cardinal(number: int, link: str = " ") -> str:
    """`link`: what stands between hundreds and the rest, a space or ` and `."""
    if number < 100:
        return below_hundred(number)
    for size, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if number >= size:
            head, rest = f"{cardinal(number // size, link)} {name}", number % size
            return head if not rest else head + (link if rest < 100 else " ") + cardinal(rest, link)
    rest = number % 100
    return f"{SMALL[number // 100]} hundred" + (link + below_hundred(rest) if rest else "")


def digit_by_digit(number: int) -> str:
    return " ".join(SMALL[int(digit)] for digit in str(number))


def in_pairs(number: int) -> str:
    """`nine nineteen`, `twelve thirty four`, `nineteen oh five`."""
    head, tail = divmod(number, 100)
    return f"{below_hundred(head)} {two_digits(tail) if tail else 'hundred'}"


def two_digits(number: int) -> str:
    return below_hundred(number) if number > 9 else f"oh {SMALL[number]}"


def ordinal(number: int) -> str:
    """Of 1 to 99."""
    if number in _IRREGULAR:
        return _IRREGULAR[number]
    if number < 20:
        return SMALL[number] + "th"
    if number % 10 == 0:
        return TENS[number // 10 - 2][:-1] + "ieth"
    return f"{TENS[number // 10 - 2]} {ordinal(number % 10)}"


def year(number: int) -> str:
    return cardinal(number) if 2000 <= number < 2010 else in_pairs(number)


NUMBER_STYLES = [
    str,
    lambda number: f"{number:,}",
    cardinal,
    lambda number: cardinal(number, " and "),
    lambda number: cardinal(number).replace("ty ", "ty-"),
    lambda number: cardinal(number).upper(),
    digit_by_digit,
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
