"""Corrections write a new version of a set with a history; the old version and all other fields do not change."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.support.command_line import voicelab
from tests.support.mislabelled import run_on
from tests.support.sample_sets import write_set
from tests.support.tones import tone
from voicelab import datasets
from voicelab.analysis.audit import corrections, versions
from voicelab.analysis.audit.effect import effect
from voicelab.audio import codecs
from voicelab.audio.opus import encode_ogg
from voicelab.errors import InputError
from voicelab.runs import provenance
from voicelab.runs.records import RunFolder

HEAD = "sample_id,action,old_text,new_text,expected_entities,expected_intent,who,when,why\n"


def in_format(folder: Path, form: str) -> Path:
    """The same two samples in each format of sets."""
    folder.mkdir()
    if form == "json":
        return write_set(folder, duration_s=0.5)
    (folder / "wav").mkdir()
    for name in "ab":
        (folder / "wav" / f"{name}.wav").write_bytes(codecs.encode_wav(tone(0.5)))
    path = folder / f"m.{form}"
    if form == "csv":
        path.write_text('audio_filepath,text,note\nwav/a.wav,hello,x\nwav/b.wav,more,"y, z"\n')
    else:
        rows = [
            {"audio_filepath": f"wav/{name}.wav", "text": text, "note": 1}
            for name, text in (("a", "hello"), ("b", "more"))
        ]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def digest(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def written(folder: Path, *rows: str) -> Path:
    path = folder / "fixes.csv"
    path.write_text(HEAD + "".join(row + "\n" for row in rows))
    return path


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_only_what_was_corrected_changes(tmp_path, form):
    old_path = in_format(tmp_path / "old", form)
    before = digest(tmp_path / "old")
    fixes = written(tmp_path, "a,correct,hello,hallo,hallo;there,greeting,me,today,I listened", "b,keep,more,,,,,,")
    done = voicelab("correct", old_path, fixes, "--out", tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert digest(tmp_path / "old") == before
    old, new = datasets.load(old_path), datasets.load(tmp_path / "new" / old_path.name)
    assert new.sample("a").text == "hallo"
    assert new.sample("a").expected_entities == ("hallo", "there")
    assert new.sample("a").expected_intent == "greeting"
    assert new.sample("b").text == "more"
    assert [one.audio_bytes() for one in new.samples] == [one.audio_bytes() for one in old.samples]
    assert "duration_s" in new.path.read_text() or "note" in new.path.read_text(), "other columns travel along"
    (step,) = versions.read_history(new)
    assert (step.made_from.samples_sha256, step.samples_sha256) == tuple(map(provenance.samples_sha256, (old, new)))
    assert step.made_from.file_sha256 == before[str(old_path)]
    changed, kept = step.corrections
    assert (changed.old_text, changed.new_text, changed.who, changed.why) == ("hello", "hallo", "me", "I listened")
    assert (kept.action, kept.new_text) == ("keep", None)


def test_versions_form_a_chain(tmp_path):
    first = datasets.load(in_format(tmp_path / "v1", "json"))
    assert versions.current_version(first) == "1"
    second = versions.write(first, [corrections.Correction("a", "correct", "hello", "hallo")], tmp_path / "v2")
    third = versions.write(
        second, [corrections.Correction("a", "correct", "hallo", "hullo")], tmp_path / "v3", version="2024a9"
    )
    assert [step.version for step in versions.read_history(third)] == ["2", "2024a9"]
    assert versions.read_history(third)[0] == versions.read_history(second)[0]
    assert versions.read_history(third)[1].made_from.version == "2"
    assert third.metadata["version"] == "2024a9"
    assert (
        versions.write(third, [corrections.Correction("b", "keep", "more")], tmp_path / "v4").metadata["version"]
        == "2024a10"
    )


def test_a_dropped_sample_takes_its_scenarios_and_recording_along(tmp_path):
    old = datasets.load(in_format(tmp_path / "old", "json"))
    fixes = written(tmp_path, "b,drop,more,,,,,,cut off")
    done = voicelab("correct", old.path, fixes, "--out", tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert "scenario s lost a turn" in done.output
    new = datasets.load(tmp_path / "new")
    assert [one.id for one in new.samples] == ["a"]
    assert new.scenarios == ()
    assert not (tmp_path / "new" / "b.json").exists()
    assert versions.read_history(new)[0].scenarios_dropped == ("s",)


def test_a_recording_outside_the_sets_folder_is_brought_in(tmp_path):
    (tmp_path / "elsewhere.ogg").write_bytes(encode_ogg(tone(0.5)))
    folder = tmp_path / "old"
    folder.mkdir()
    old = datasets.load(write_set(folder, audio_path="../elsewhere.ogg"))
    new = versions.write(old, [corrections.Correction("a", "correct", "hello", "hallo")], tmp_path / "deep" / "new")
    assert new.sample("a").audio_path == tmp_path / "deep" / "new" / "audio" / "a.ogg"
    assert new.sample("a").audio_bytes() == old.sample("a").audio_bytes()


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("zz,correct,hello,x,,,,,", "row 2: no sample 'zz' in the set"),
        ("a,fix,hello,x,,,,,", "field 'action' must be one of correct, drop, keep"),
        ("a,,hello,x,,,,,", "field 'action' must be one of"),
        ("a,correct,hullo,x,,,,,", "old_text differs from the set's text of 'a': 'hello'"),
        ("a,correct,hello,,,,,,", "there is no new_text"),
        ("a,drop,hello,x,,,,,", "action is drop, but field 'new_text' is filled in"),
        ("a,drop,hello,,,,,,\na,keep,hello,,,,,,", "row 3: sample 'a' is decided twice"),
        ("a,,hello,,,,,,", "no row of the corrections has an action"),
        ("a,drop,hello,,,,,,\nb,drop,more,,,,,,", "drop every sample"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_written(tmp_path, row, complaint):
    old = in_format(tmp_path / "old", "json")
    done = voicelab("correct", old, written(tmp_path, row), "--out", tmp_path / "new")
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "new.part").exists()


def test_what_cannot_be_done_is_refused(tmp_path):
    old = in_format(tmp_path / "old", "json")
    fixes = written(tmp_path, "a,correct,hello,hallo,,,,,")
    assert "name a new folder" in " ".join(voicelab("correct", old, fixes, "--out", tmp_path / "old").output.split())
    (tmp_path / "plain.csv").write_text("sample_id,text\na,b\n")
    with pytest.raises(InputError, match="column 'action' is missing"):
        corrections.read(tmp_path / "plain.csv", datasets.load(old))
    document = json.loads(old.read_text())
    old.write_text(json.dumps(document | {"metadata": {"version": "spring"}}))
    with pytest.raises(InputError, match="'spring' does not end in a number; name the next one with --version"):
        versions.write(datasets.load(old), corrections.read(fixes, datasets.load(old)), tmp_path / "new")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("effect")
    set_folder = folder / "set"
    set_folder.mkdir()
    write_set(set_folder, expected_intent="price_query")
    return set_folder, RunFolder(run_on(set_folder, "more hello", folder / "r"))


def of(changes, figure):
    (found,) = [one for one in changes if one.figure == figure]
    return found.before.value, found.after.value


def test_the_effect_is_that_of_the_labels_alone(run, tmp_path):
    old = datasets.load(run[0])
    decided = [
        corrections.Correction("a", "correct", "hello", "more hello", ("more",)),
        corrections.Correction("b", "keep", "more"),
    ]
    new = versions.write(old, decided, tmp_path / "new")
    changes = effect(run[1].read(), run[1].turns(), old, new)
    assert of(changes, "word error rate (WER)") == (1.0, pytest.approx(1 / 3))
    assert of(changes, "sentences with any error") == (1.0, 0.5)
    assert of(changes, "entity recall, heard") == (1.0, 1.0)
    same = versions.write(old, decided[1:], tmp_path / "same")
    assert all(one.before == one.after for one in effect(run[1].read(), run[1].turns(), old, same))


def test_a_dropped_sample_is_in_no_figure_after(run, tmp_path):
    old = datasets.load(run[0])
    new = versions.write(old, [corrections.Correction("b", "drop", "more")], tmp_path / "new")
    changes = {one.figure: one for one in effect(run[1].read(), run[1].turns(), old, new)}
    assert (changes["sentences with any error"].before.n, changes["sentences with any error"].after.n) == (2, 1)
    assert changes["scenarios succeeded"].after.value is None


def test_a_run_on_another_set_is_refused_before_anything_is_written(run, tmp_path):
    other = in_format(tmp_path / "other", "json")
    fixes = written(tmp_path, "a,correct,hello,hallo,,,,,")
    shutil.copy(run[0] / "a.ogg", tmp_path / "other" / "b.ogg")
    done = voicelab("correct", other, fixes, "--out", tmp_path / "new", "--run", run[1].path)
    assert done.exit_code == 2
    assert "did not use the set at" in " ".join(done.output.split())
    assert not (tmp_path / "new").exists()
