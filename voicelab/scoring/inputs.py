"""What a report needs beside the run's own folder: the sample set that was spoken, and the companies' names."""

from __future__ import annotations

from pathlib import Path

from voicelab.datasets import SampleSet, load
from voicelab.errors import InputError
from voicelab.metrics.entities import Forms
from voicelab.paths import PROJECT
from voicelab.runs import provenance
from voicelab.runs.records import RunResult
from voicelab.runs.sent_audio import RequestAudioSource, SetRecordings


def company_forms(run: RunResult) -> Forms:
    """The names of the companies that the run's agent knew: its own market data, else those that come with voicelab."""
    from voicelab.agent.finance.market import Market

    agents = (engine.options for engine in run.engines if engine.kind == "agent")
    # `rules` names its folder "market", an agent with tools "data", which may also be "live".
    folder = next((options.get("market") or options.get("data") for options in agents), None)
    folder = None if folder == "live" else folder
    return Market.load(Path(str(folder)) if folder else None).forms()


def sample_set(run: RunResult, whole: SampleSet | None = None) -> SampleSet | None:
    """The samples of the run; None when they are no longer where they were, or no longer the same.

    whole: the run's set, if it is loaded already.
    """
    spec = run.spec
    for place in (Path(spec.samples), PROJECT / spec.samples) if whole is None else (whole,):
        try:
            found = place if isinstance(place, SampleSet) else load(place, spec.columns)
            samples = found.only(categories=spec.categories, limit=spec.limit, language=spec.language)
            if provenance.samples_sha256(samples) == run.samples_sha256:
                return samples
        except InputError:
            continue
    return None


def request_audio_source(run: RunResult, samples: SampleSet) -> RequestAudioSource | None:
    """What the run sent instead of the recordings; None where it sent them as they are."""
    if run.spec.condition is None:
        return None
    return RequestAudioSource(SetRecordings(samples.whole), run.spec.condition)
