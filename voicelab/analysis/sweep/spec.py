"""SweepSpec, the specification of a sweep, and sweep.json, its result."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict

from voicelab.analysis.sweep.figures import SweepFigures
from voicelab.conditions.condition import MEAN_BURST, Noise
from voicelab.runs import storage
from voicelab.runs.record_file import Record, read_record, write_record
from voicelab.runs.records import RunFolder, RunSpec

FORMAT_VERSION = 1


class _SweepRecord(Record):
    model_config = ConfigDict(allow_inf_nan=False)


class SweepSpec(_SweepRecord):
    """The specification of a sweep.

    base: the clean run; its seed is also the seed of noise and packet loss. noise: each kind is a separate axis over
    snr_db. loss_percent: lost Opus packets at loss_bitrate_kbps, with bursts of mean length mean_burst. grid: every
    combination of the axes instead of one axis at a time. breakpoints: thresholds such as `entity_recall=90%` and
    `wer=0.3`.
    """

    base: RunSpec
    snr_db: tuple[float, ...] = ()
    noise: tuple[Noise, ...] = ("white",)
    bitrate_kbps: tuple[float, ...] = ()
    loss_percent: tuple[float, ...] = ()
    gain_db: tuple[float, ...] = ()
    telephone: bool = False
    loss_bitrate_kbps: float = 32.0
    mean_burst: float = MEAN_BURST
    fec: bool = False
    grid: bool = False
    breakpoints: tuple[str, ...] = ("entity_recall=90%",)


class SweepResult(_SweepRecord):
    """The content of sweep.json. runs: names of the run folders beside it, the clean one first."""

    format_version: Literal[1] = 1
    sweep_id: str
    status: Literal["running", "finished"]
    spec: SweepSpec
    runs: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None = None
    figures: SweepFigures | None = None


class SweepFolder:
    """A sweep on disk: sweep.json, sweep.html, and a run folder for each condition."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def sweep_id(self) -> str:
        return self.path.name

    def run(self, name: str) -> RunFolder:
        return RunFolder(self.path / name)

    def write(self, result: SweepResult) -> None:
        """Replace sweep.json atomically."""
        storage.make_folder(self.path)
        write_record(self.path / "sweep.json", result)

    def read(self) -> SweepResult:
        """Read sweep.json; InputError describes an error in it."""
        what = f"a sweep of format {FORMAT_VERSION}"
        return read_record(self.path / "sweep.json", SweepResult, what, "give the folder of a sweep")
