"""Run NIST sclite, if installed (Debian: apt-get install sctk), on files to compare its counts with ours."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.support.required import needs

PROGRAM = shutil.which("sclite") or shutil.which("sclite", path="/usr/lib/sctk/bin")
needed = needs(
    "sctk", present=PROGRAM is not None, reason="NIST sclite is not installed (Debian: apt-get install sctk)"
)
_UTTERANCE = re.compile(
    r"^id: \((.*)\)\n(?:Labels:.*\n)?(?:File:.*\n)?(?:Channel:.*\n)?Scores: .*?\) (.*)$", re.MULTILINE
)


def _run(folder: Path, *arguments) -> str:
    done = subprocess.run([str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    return done.stdout


def utterances(reference: Path, hypothesis: Path, *options) -> dict[str, tuple[int, int, int, int]]:
    """Utterance -> correct, substituted, deleted, inserted; reference and hypothesis are .trn, or .stm and .ctm."""
    printed = _run(reference.parent, *_inputs(reference, hypothesis), *options, "-f", 0, "-o", "pralign", "stdout")
    return {name: tuple(map(int, counts.split())) for name, counts in _UTTERANCE.findall(printed)}


def table(reference: Path, hypothesis: Path, *, raw: bool = False) -> dict[str, list[str]]:
    """The numbers of sclite's summary by the name of the row."""
    printed = _run(reference.parent, *_inputs(reference, hypothesis), "-o", "rsum" if raw else "sum", "stdout")
    return rows(printed)


def rows(printed: str) -> dict[str, list[str]]:
    """The rows of a summary, sclite's or ours, by their name."""
    found = {}
    for line in printed.splitlines():
        cells = re.sub(r"[|]", " ", line).split()
        if line.strip().startswith("|") and len(cells) == 9:
            found[cells[0]] = cells[1:]
    return found


def _inputs(reference: Path, hypothesis: Path) -> list[str]:
    forms = ["trn", "trn"] if reference.suffix == ".trn" else ["stm", "ctm"]
    ids = ["-i", "spu_id"] if reference.suffix == ".trn" else []
    return [*ids, "-r", reference.name, forms[0], "-h", hypothesis.name, forms[1], "-e", "utf-8"]


SC_STATS = shutil.which("sc_stats") or shutil.which("sc_stats", path="/usr/lib/sctk/bin")
_MATCHED = re.compile(
    r"\(# segs: (\d+)\).*\(mean: *([-\d.]+)\) \(std dev: *([-\d.]+)\) \(Z Stat: *([-\d.]+)\)", re.DOTALL
)
_MCNEMAR = re.compile(r"corr +incorr\n.* corr +(\d+) +(\d+)\n\s+incorr +(\d+) +(\d+)")


def compared(reference: Path, first: Path, second: Path) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """The output of sc_stats for two systems: MAPSSWE (segments, mean, sd, Z), McNemar (both, only first, ...)."""
    _sc_stats(reference, first, second, "mapsswe", "mcn")
    matched = _MATCHED.search((reference.parent / "out.stats.mapsswe").read_text())
    mcnemar = _MCNEMAR.search((reference.parent / "out.stats.mcn").read_text())
    assert matched is not None
    assert mcnemar is not None
    return tuple(map(float, matched.groups())), tuple(map(int, mcnemar.groups()))


def signs(reference: Path, first: Path, second: Path) -> tuple[int, int, int, float]:
    """sc_stats' sign test by speaker: positive, negative and equal differences, worse minus better, and p."""
    _sc_stats(reference, first, second, "sign")
    printed = (reference.parent / "out.stats.sign").read_text()
    positive, negative, equal = (int(found) for found in re.findall(r"N\([-+0]\) = +(\d+)", printed)[:3])
    chance = re.search(r"it occurring is ([\d.]+)", printed)
    assert chance is not None
    return positive, negative, equal, float(chance.group(1))


def _sc_stats(reference: Path, first: Path, second: Path, *tests: str) -> None:
    aligned = ""
    for hypothesis in (first, second):
        _run(reference.parent, *_inputs(reference, hypothesis), "-o", "sgml")
        aligned += (reference.parent / f"{hypothesis.name}.sgml").read_text(encoding="utf-8")
    arguments = [str(SC_STATS), "-p", "-t", *tests, "-v", "-n", "out", "-O", "."]
    done = subprocess.run(arguments, input=aligned, capture_output=True, text=True, cwd=reference.parent, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
