"""Inputs of a report from outside the run's folder: the sample set and the companies' names."""

from pathlib import Path

from voicelab.datasets import SampleSet, load
from voicelab.errors import InputError
from voicelab.metrics.entities import Forms
from voicelab.paths import PROJECT
from voicelab.runs import provenance
from voicelab.runs.records import RunResult
from voicelab.runs.sent_audio import RequestAudioSource, SetRecordings


def company_forms(run: RunResult) -> Forms:
    """The company names of the run's agent: from its market data, else from the shipped data."""
    from voicelab.agent.finance.market import Market

    agent = run.engine("agent")
    # The option is `market` for `rules`, and `data` for an agent with tools, where it may also be "live".
    folder = (agent.options.get("market") or agent.options.get("data")) if agent is not None else None
    folder = None if folder == "live" else folder
    return Market.load(Path(str(folder)) if folder else None).forms()


def sample_set(run: RunResult, whole: SampleSet | None = None) -> SampleSet | None:
    """The samples of the run; None if they were moved or have changed.

    whole: the run's set, if already loaded.
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
    """The audio that the run sent instead of the recordings; None if it sent the recordings unchanged."""
    if run.spec.condition is None:
        return None
    return RequestAudioSource(SetRecordings(samples.whole), run.spec.condition)
