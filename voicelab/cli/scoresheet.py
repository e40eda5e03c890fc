"""sclite's summary table: one row per speaker, then sum, mean, standard deviation and median over speakers."""

from collections.abc import Callable, Sequence
from math import floor
from statistics import mean, median, stdev

from voicelab.analysis.score_transcripts import Score, ScoreCounts

_COLUMNS = ("Corr", "Sub", "Del", "Ins", "Err", "S.Err")
_Form = Callable[[float], str]


def scoresheet(title: str, score: Score, *, raw: bool) -> list[str]:
    """The lines of the table, in percent or (raw) counts; a speaker without words has counts and a star."""
    rows = [(speaker, _sizes(counts), _values(counts, raw=raw)) for speaker, counts in score.speakers.items()]
    whole = _whole if raw else _tenth
    body = [_cells(name, sizes, values, _whole, whole) for name, sizes, values in rows]
    for cells, counts in zip(body, score.speakers.values(), strict=True):
        starred = [f"{number}*" for number in _numbers(counts)]
        cells[3:] = [star if cell == "-" else cell for cell, star in zip(cells[3:], starred, strict=True)]
    total = score.total
    sums = [_cells("Sum" if raw else "Sum/Avg", _sizes(total), _values(total, raw=raw), _whole, whole)]
    spread = [
        _cells(name, *_over_speakers(rows, statistic), _tenth, _tenth)
        for name, statistic in (("Mean", mean), ("S.D.", _deviation), ("Median", median))
    ]
    lines = _boxed(title, body, sums, spread)
    if any(cell.endswith("*") for cells in body for cell in cells[3:]):
        lines.append("* no reference words: counts, not included in the mean, the deviation and the median")
    return lines


def _sizes(counts: ScoreCounts) -> list[float | None]:
    return [counts.sentences, counts.words.reference_words]


def _numbers(counts: ScoreCounts) -> list[int]:
    words = counts.words
    return [words.hits, words.substitutions, words.deletions, words.insertions, words.errors, counts.wrong_sentences]


def _values(counts: ScoreCounts, *, raw: bool) -> list[float | None]:
    numbers = _numbers(counts)
    if raw:
        return [float(number) for number in numbers]
    below = [counts.words.reference_words] * 5 + [counts.sentences]
    return [100 * number / whole if whole else None for number, whole in zip(numbers, below, strict=True)]


_Row = tuple[str, list[float | None], list[float | None]]


def _over_speakers(
    rows: Sequence[_Row], statistic: Callable[[list[float]], float]
) -> tuple[list[float | None], list[float | None]]:
    columns = zip(*(sizes + values for _, sizes, values in rows), strict=True)
    known = [[number for number in column if number is not None] for column in columns]
    found = [statistic(numbers) if numbers else None for numbers in known]
    return found[:2], found[2:]


def _deviation(numbers: list[float]) -> float:
    return stdev(numbers) if len(numbers) > 1 else 0.0


def _whole(number: float) -> str:
    return f"{floor(number + 0.5)}"


def _tenth(number: float) -> str:
    """One decimal place, halves up as sclite rounds them: 6.25 is 6.3."""
    return f"{floor(number * 10 + 0.5) / 10:.1f}"


def _cells(
    name: str, sizes: Sequence[float | None], values: Sequence[float | None], size: _Form, value: _Form
) -> list[str]:
    shown = ["-" if number is None else size(number) for number in sizes]
    return [name, *shown, *("-" if number is None else value(number) for number in values)]


def _boxed(title: str, body: list[list[str]], sums: list[list[str]], spread: list[list[str]]) -> list[str]:
    heads = ["SPKR", "# Snt", "# Wrd", *_COLUMNS]
    every = [heads, *body, *sums, *spread]
    widths = [max(len(row[column]) for row in every) for column in range(len(heads))]
    lines = [_line(row, widths) for row in every]
    across = len(lines[0]) - 2
    rule, double = f"|{'-' * across}|", f"|{'=' * across}|"
    out = [f",{'-' * across}.", f"|{title[:across].center(across)}|", rule, lines[0], rule]
    for line in lines[1 : len(body) + 1]:
        out += [line, rule]
    out[-1:] = [double, lines[len(body) + 1], double, *lines[len(body) + 2 :], f"`{'-' * across}'"]
    return out


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, sentences, words, *values = cells
    sizes = f"{sentences:>{widths[1]}}  {words:>{widths[2]}}"
    return (
        f"| {name:<{widths[0]}} | {sizes} | "
        + "  ".join(f"{value:>{width}}" for value, width in zip(values, widths[3:], strict=True))
        + " |"
    )
