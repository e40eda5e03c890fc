"""A comparison as HTML: one offline file for `voicelab compare --report`, or plain tables for a notebook cell."""

from dataclasses import dataclass
from pathlib import Path

from voicelab.analysis.compare.comparison import Comparison
from voicelab.analysis.compare.pair import Difference, RunPair
from voicelab.analysis.compare.systems import System
from voicelab.errors import InputError
from voicelab.figures.figure import Unit
from voicelab.metrics.significance import p_text
from voicelab.metrics.words import AlignmentStep
from voicelab.report.templating import environment
from voicelab.report.text_tables import as_text
from voicelab.report.title import run_title
from voicelab.report.wording import NONE, in_unit
from voicelab.runs import storage
from voicelab.text.plural import counted

_TEMPLATES = Path(__file__).parent / "templates"
MOST_FLIPS = 200
"""Maximum number of flipped samples per pair and direction."""
LEADING = ("wer", "entity_recall", "intent_accuracy", "first_audio_s.p50", "response_s.p50", "tool_turns_right")


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A figure of both runs as text. verdict: better, worse, or "" if the interval contains 0 or is missing."""

    name: str
    title: str
    first: str
    second: str
    difference: str
    interval: str
    verdict: str
    note: str


@dataclass(frozen=True, slots=True)
class Flips:
    """Samples without word errors in only one run. shown: key and alignment in the other run."""

    right: str
    wrong: str
    count: int
    shown: tuple[tuple[str, tuple[AlignmentStep, ...]], ...]


@dataclass(frozen=True, slots=True)
class PairView:
    """Two runs. tests: (name, p)."""

    first: System
    second: System
    rows: tuple[DifferenceRow, ...]
    tests: tuple[tuple[str, str], ...]
    flips: tuple[Flips, Flips]

    @property
    def leading(self) -> tuple[DifferenceRow, ...]:
        return tuple(row for row in self.rows if row.name in LEADING)


def write_page(found: Comparison, path: Path) -> None:
    """Write the page. Raises StorageError if the file cannot be written, InputError if path is a folder."""
    if path.is_dir():
        raise InputError(f"--report {path}: is a folder; name a file, such as {path / 'comparison.html'}")
    storage.write_whole(path, render(found).encode())


def render(found: Comparison) -> str:
    """The page as text."""
    template = environment(_TEMPLATES).get_template("compare.html")
    return template.render(
        title=" and ".join(one.name for one in found.systems),
        systems=[(one, run_title(one.run), str(one.run.spec.target), one.run.spec.mode) for one in found.systems],
        found=found,
        pairs=[_pair(pair) for pair in found.each_pair()],
        most=MOST_FLIPS,
    )


def render_cell(found: Comparison) -> str:
    """The words and the differences as tables without styles, which notebooks show even if they are not trusted."""
    words = as_text(found.words().rename(columns={"WER": "value"}))
    template = environment(_TEMPLATES).get_template("compare_cell.html")
    return template.render(
        found=repr(found), words=words.to_dict("records"), pairs=[_pair(pair) for pair in found.each_pair()]
    )


def _pair(pair: RunPair) -> PairView:
    rows = tuple(_row(one, pair.table[one.name].unit) for one in pair.differences())
    tests = (
        ("MAPSSWE", p_text(pair.matched.p_value)),
        ("McNemar", p_text(pair.sentences.p_value)),
        ("sign test", p_text(pair.signs.p_value)),
        ("Wilcoxon", p_text(pair.ranks.p_value)),
    )
    flips = (_flipped(pair, pair.first, pair.second), _flipped(pair, pair.second, pair.first))
    return PairView(pair.first, pair.second, rows, tests, flips)


def _row(one: Difference, unit: Unit) -> DifferenceRow:
    found = one.found
    bounds, difference = found.interval, found.difference
    assert difference is not None
    interval = f"[{_signed(bounds.low, unit)}, {_signed(bounds.high, unit)}]" if bounds is not None else ""
    refused = f"no interval: {found.refused.text(one.unit)}" if found.refused else ""
    note = ", ".join(filter(None, (f"{counted(found.samples, 'sample')}, by {one.unit}", one.note, refused)))
    return DifferenceRow(
        name=one.name,
        title=one.title,
        first=in_unit(found.first, unit),
        second=in_unit(found.second, unit),
        difference=_signed(difference, unit),
        interval=interval,
        verdict=one.verdict or "",
        note=note,
    )


def _signed(value: float | None, unit: Unit) -> str:
    if value is None:
        return NONE
    return f"{'+' if value >= 0 else '−'}{in_unit(abs(value), unit)}"


def _flipped(pair: RunPair, right: System, wrong: System) -> Flips:
    keys = [row["sample"] for row in pair.flips() if row["right in"] == right.name]
    return Flips(right.name, wrong.name, len(keys), tuple((key, tuple(wrong.steps[key])) for key in keys[:MOST_FLIPS]))
