"""`voicelab.evaluate` and `voicelab.resume`: create or continue a run, and return it."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from voicelab.analysis.api.run import Run
from voicelab.conditions.condition import Condition
from voicelab.conditions.parsing import parse_condition
from voicelab.datasets import SampleSet, load
from voicelab.datasets.columns import USUAL
from voicelab.engines import outside
from voicelab.figures.outside import several, table_with
from voicelab.report import finish
from voicelab.runs.checking import checked
from voicelab.runs.execution import Progress
from voicelab.runs.names import check_name
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.runs.runner import new_run_id
from voicelab.runs.target_opening import check_engines
from voicelab.targets.base import Target
from voicelab.text import Normalizer
from voicelab.text import outside as outside_text

Engine = str | type | object | None
"""An engine: a specification (`name:option=value` or `package.module:Class`), a class, or an object."""


def evaluate(
    samples: Path | str | SampleSet | RunSpec | Any,
    out: Path | str = "reports",
    *,
    asr: Engine = None,
    agent: Engine = None,
    tts: Engine = None,
    target: str | Target = "in-process",
    condition: str | Condition | Mapping[str, Any] | object | None = None,
    limit: int | None = None,
    categories: Iterable[str] = (),
    language: str | None = None,
    normalizer: str | Normalizer | None = None,
    mode: Literal["burst", "realtime"] = "burst",
    seed: int = 0,
    draws: int = 2000,
    timeout_s: float = 30.0,
    run_id: str | None = None,
    figures: Iterable[Any] = (),
    progress: Progress | Literal[False] | None = None,
) -> Run:
    """Evaluate a voice agent on a sample set. Returns the run with its figures, turns and report.

    samples: a set in any format of docs/reference/samples.md, `package.module:reader:path`, a SampleSet, a DataFrame or
    another source of `SampleSet.from_frame`, or a RunSpec, which replaces all parameters except out, run_id, figures
    and progress. out: the folder for runs. asr, agent, tts: a name with options, `package.module:Class`, or your own
    class or object; None: the default. target: "in-process" (the pipeline in this process), "server" (a server that the
    run starts, which is the command line's default), another name from `voicelab targets`, or an object. condition:
    degradation of the recordings: `noise=babble,snr_db=10`, a Condition or a mapping of its fields,
    `package.module:Class`, or your own class or object with `degrade(clip, random)`. normalizer: a name,
    `package.module:OBJECT`, or a Normalizer; None: by language. limit: maximum number of samples, balanced over
    categories and speakers. timeout_s: maximum silence of a server in seconds. figures: additional figures
    (docs/reference/figures.md). progress: called with the number of completed turns, the number of planned turns, and
    the last TurnResult. The default in a notebook is a live view (report.live.LiveView); False shows nothing.

    Raises InputError or EngineError if the run cannot start, RunInterruptedError if it stopped and can be resumed.

    Example: voicelab.evaluate("data/voice_samples", asr="moonshine", limit=20).summary["wer"].value
    """
    extra = several(figures)
    given = None if isinstance(target, str) else target
    if not isinstance(samples, str | Path | SampleSet | RunSpec):
        samples = load(samples)
    if isinstance(samples, RunSpec):
        spec = samples
    else:
        chosen: dict[str, Any] = _engines({"asr": asr, "agent": agent, "tts": tts})
        if isinstance(target, str):
            chosen["target"] = target
        if isinstance(samples, SampleSet) and samples.columns != USUAL:
            chosen["columns"] = samples.columns
        spec = checked(
            RunSpec, None,
            samples=str(samples.path if isinstance(samples, SampleSet) else samples),
            **chosen, condition=_condition(condition, seed), limit=limit,
            categories=(categories,) if isinstance(categories, str) else tuple(categories),
            language=language, normalizer=_normalizer(normalizer), mode=mode, seed=seed, draws=draws,
            timeout_s=timeout_s,
        )  # fmt: skip
    name = run_id or new_run_id(spec)
    loaded = samples if isinstance(samples, SampleSet) and samples.is_as_stored() else None
    if isinstance(samples, SampleSet) and loaded is None:
        _check_before_writing(spec, name, given, extra)
        kept = samples.save(RunFolder(Path(out) / name).path / "samples")
        spec = spec.model_copy(update={"samples": str(kept), "columns": None})
    with _watched(progress, Path(out) / name) as shown:
        folder, _ = finish.evaluate(
            spec, Path(out), run_id=name, progress=shown, figures=extra, target=given, samples=loaded
        )
    return Run(folder.path, extra)


def resume(
    path: Path | str,
    *,
    asr: object = None,
    agent: object = None,
    tts: object = None,
    condition: object = None,
    target: Target | None = None,
    progress: Progress | Literal[False] | None = None,
    figures: Iterable[Any] = (),
) -> Run:
    """Continue a run where it stopped, and finish it like `evaluate`.

    asr, agent, tts, condition, target: the same objects again, if the run used objects. Raises the errors of
    `evaluate`.
    """
    extra = several(figures)
    spec = RunFolder(Path(path)).read().spec
    for kind, given in (("asr", asr), ("agent", agent), ("tts", tts)):
        if given is not None:
            outside.take_place(kind, getattr(spec, kind) or "", given)
    if condition is not None:
        outside.take_place("condition", (spec.condition and spec.condition.transform) or "", condition)
    with _watched(progress, Path(path)) as shown:
        folder, _ = finish.resume(Path(path), progress=shown, figures=extra, target=target)
    return Run(folder.path, extra)


def _check_before_writing(spec: RunSpec, name: str, given: Target | None, figures: tuple[Any, ...]) -> None:
    """Check name, engines and figures before the samples are written. Raises the same errors as the run."""
    check_name("--run-id", name)
    table_with(figures)
    if given is None:
        check_engines(spec)


@contextmanager
def _watched(progress: Progress | Literal[False] | None, folder: Path) -> Iterator[Progress | None]:
    """Yield the progress callback: by default a live view in a notebook."""
    if progress is not None or not _in_notebook():
        yield progress or None
        return
    from voicelab.report.live import LiveView

    view = LiveView(folder)
    try:
        yield view
    except KeyboardInterrupt:
        view.stopped()
        raise KeyboardInterrupt("stopped; see above how to continue") from None  # without the frames of the run


def _in_notebook() -> bool:
    """Return whether this code runs in a Jupyter kernel, which IPython in a terminal does not have."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _engines(given: Mapping[str, Engine]) -> dict[str, Any]:
    """Return the specifications of the given engines."""
    return {
        kind: one if isinstance(one, str) else outside.hand_over(kind, one)
        for kind, one in given.items()
        if one is not None
    }


def _normalizer(given: str | Normalizer | None) -> str | None:
    return given if given is None or isinstance(given, str) else outside_text.hand_over(given)


def _condition(given: str | Condition | Mapping[str, Any] | object | None, seed: int) -> Condition | None:
    if given is None or isinstance(given, Condition):
        return given
    if isinstance(given, str):
        return parse_condition(given, seed)
    fields: dict[str, Any] = {**given} if isinstance(given, Mapping) else {"transform": given}
    own = fields.get("transform")
    if own is not None and not isinstance(own, str):
        fields["transform"] = outside.hand_over("condition", own)
    return checked(Condition, None, **{"seed": seed, **fields})
