"""Speaks over a reply if the sample requests it, and records the agent's reaction."""

from dataclasses import replace

from voicelab.datasets import Sample
from voicelab.metrics.response_timing import ResponseTiming
from voicelab.runs.conversation_recording import IN_A_BURST
from voicelab.runs.records import RunResult
from voicelab.runs.sent_audio import RequestAudioSource
from voicelab.runs.turn_content import SpokenOver
from voicelab.targets.base import Interruption, Utterance

NOT_POSSIBLE = "the target does not notice a caller who speaks over its reply"
REPLY_OVER = "the reply was over before"
_NEEDED = {"interruption", "turn detection"}
"""Signals of targets that decide by themselves whether to stop for the caller."""


def interruption_for(sample: Sample, run: RunResult, source: RequestAudioSource) -> Interruption | None:
    """Return what to say over the reply; None if nothing. Raises InputError for a recording that cannot be read."""
    over = sample.over_reply
    if over is None or _why_not(run) is not None:
        return None
    spoken = replace(
        sample, id=f"{sample.id} over the reply", audio_path=over.audio_path, audio_kind="file", sha256=None,
        offset_s=None, duration_s=None, encoded=None, over_reply=None,
    )  # fmt: skip
    return Interruption(Utterance(source.of(spoken).audio, str(over.audio_path)), over.after_s)


def spoken_over(sample: Sample, run: RunResult, timing: ResponseTiming | None) -> SpokenOver | None:
    """Return the record of the speech over a reply, or why there was none; None if none was planned."""
    over = sample.over_reply
    if over is None:
        return None
    found = timing.over_reply if timing is not None else None
    if found is None:
        return SpokenOver(kind=over.kind, after_s=over.after_s, missing=_why_not(run) or REPLY_OVER)
    return SpokenOver(
        kind=over.kind,
        after_s=over.after_s,
        starts_s=found.starts_s,
        agent_stops_s=found.agent_stops_s,
        by_itself=found.by_itself,
        missing=found.reason,
    )


def _why_not(run: RunResult) -> str | None:
    if run.spec.mode == "burst":
        return IN_A_BURST
    return None if set(run.signals or ()) >= _NEEDED else NOT_POSSIBLE
