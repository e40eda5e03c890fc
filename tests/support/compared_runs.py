"""Runs on the same samples with different transcripts."""

from tests.support.made_runs import answered, failed, keep_run, made_run
from voicelab.runs.records import RunSpec


def hears(texts, heard, *, normalizer="english", run_id="made", turn_s=0.5, sha="0" * 64, speakers=None):
    """A finished run with these (text, transcript) pairs; a transcript of None is a failed turn."""
    taken = []
    for number, (text, other) in enumerate(zip(texts, heard, strict=True)):
        changes = {"text": text, "speaker": speakers[number % len(speakers)] if speakers else None}
        turn = answered(f"s{number}", heard=other, turn_s=turn_s, **changes)
        taken.append(turn if other is not None else failed(f"s{number}", **changes))
    spec = RunSpec(samples="nowhere", target="in-process", normalizer=normalizer)
    return made_run(run_id=run_id, spec=spec, samples_sha256=sha, planned_turns=len(taken)), taken


def written(folder, made):
    return keep_run(folder, *made).path


SAID = [f"please tell me the price of {name}" for name in "apple tesla ford intel nike disney uber boeing".split()] * 3


ALIKE = [text.replace("price", "prize") if number % 4 == 0 else text for number, text in enumerate(SAID)]


WORSE = [text.replace("tell me the", "tell") if number % 3 == 0 else text for number, text in enumerate(SAID)]
