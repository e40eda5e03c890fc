"""Sets with wrong labels."""

import json
import shutil

from tests.support.sample_sets import samples_folder
from voicelab.datasets import load
from voicelab.runs.records import RunSpec
from voicelab.runs.runner import evaluate


def mislabelled(folder, texts):
    """A manifest of shipped recordings, some with another's text. texts: by sample id."""
    whole = load(samples_folder())
    rows = []
    for sample_id, text in texts.items():
        source = whole.sample(sample_id).audio_path
        shutil.copy(source, folder / source.name)
        rows.append({"id": sample_id, "audio_filepath": source.name, "text": text})
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "set.jsonl"


def run_on(samples, heard, folder):
    """A run without a report, whose recognizer returns the same text for every recording."""
    spec = RunSpec(
        samples=str(samples), asr=f"fake:text={heard}", agent="fake:text=Thank you.", tts="fake", target="in-process"
    )
    return evaluate(spec, folder.parent, run_id=folder.name)[0].path
