"""A new version of a set has a file for each old recording, and is written completely or not at all."""

import gzip
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tests.support.recordings import ramp, write_recording
from voicelab.analysis.audit import copies, versions
from voicelab.analysis.audit.corrections import Correction
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.datasets import load
from voicelab.errors import InputError, StorageError


def distinct(path: Path, number: int) -> Path:
    """A unique recording for each number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    clip = ramp(0.2)
    path.write_bytes(codecs.encode_wav(Clip(clip.samples * (1 / (number + 1)), clip.rate_hz)))
    return path


def manifest(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": f"text {number}"} | row) + "\n" for number, row in enumerate(rows)))
    return path


def keep_first(path: Path, out: Path):
    old = load(path)
    first = old.samples[0]
    return old, versions.write(old, [Correction(first.id, "correct", first.text, "corrected")], out)


def sounds(found) -> dict[str, str]:
    return {one.id: hashlib.sha256(one.audio_bytes()).hexdigest() for one in found}


def test_recordings_that_would_have_one_name_stay_apart(tmp_path):
    home = tmp_path / "set"
    places = ["audio/foo.wav", "../foo.wav", "../other/FOO.wav", "audio/a.wav", "../a.wav"]
    for number, place in enumerate(places):
        distinct(home / place, number)
    ids = ["bar", "foo", "Foo", "x", "../a"]
    rows = [{"audio_filepath": place, "id": name} for place, name in zip(places, ids, strict=True)]
    old, new = keep_first(manifest(home / "m.jsonl", rows), tmp_path / "new")
    assert sounds(new) == sounds(old)
    assert len({one.audio_path.as_posix().lower() for one in new}) == len(ids)


@pytest.mark.parametrize(
    "name", ["../../evil", "/evil", "a/../../b", "x" * 300, "名前", ".", "..", "history.json", "a\nb"]
)
def test_an_id_of_any_text_stays_in_the_folder(tmp_path, name):
    distinct(tmp_path / "outside.wav", 1)
    distinct(tmp_path / "set" / "a.wav", 2)
    rows = [{"audio_filepath": "a.wav", "id": "a"}, {"audio_filepath": "../outside.wav", "id": name}]
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    old, new = keep_first(manifest(tmp_path / "set" / "m.jsonl", rows), tmp_path / "new")
    assert sounds(new) == sounds(old)
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before - {old.path}
    assert all(path.is_relative_to(tmp_path / "new") for path in made)


def test_what_others_keep_beside_the_new_version_is_left_alone(tmp_path):
    distinct(tmp_path / "set" / "a.wav", 1)
    (tmp_path / "new.part").mkdir()
    (tmp_path / "new.part" / "notes.txt").write_text("notes")
    keep_first(manifest(tmp_path / "set" / "m.jsonl", [{"audio_filepath": "a.wav"}]), tmp_path / "new")
    assert (tmp_path / "new.part" / "notes.txt").read_text() == "notes"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "new.part", "set"]


def test_a_version_that_fails_leaves_nothing(tmp_path, monkeypatch):
    distinct(tmp_path / "set" / "a.wav", 1)
    path = manifest(tmp_path / "set" / "m.jsonl", [{"audio_filepath": "a.wav"}])

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match="new: cannot be created: No space left on device"):
        keep_first(path, tmp_path / "new")
    assert [one.name for one in tmp_path.iterdir()] == ["set"]


def test_a_recording_that_changes_meanwhile_is_noticed(tmp_path, monkeypatch):
    distinct(tmp_path / "set" / "a.wav", 1)
    path = manifest(tmp_path / "set" / "m.jsonl", [{"audio_filepath": "a.wav"}])
    monkeypatch.setattr(copies.shutil, "copyfile", lambda _source, target: distinct(target, 2))
    with pytest.raises(InputError, match="its audio in the new version differs from the old one"):
        keep_first(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    distinct(tmp_path / "set" / "a.wav", 1)
    path = manifest(tmp_path / "set" / "m.jsonl", [{"audio_filepath": "a.wav"}])
    with pytest.raises(InputError, match="new: cannot be created: "):
        keep_first(path, path / "new")


def test_segments_keep_their_recording_and_their_times(tmp_path):
    write_recording(tmp_path / "set" / "long.wav", 2.0)
    rows = [{"audio_filepath": "long.wav", "offset": start, "duration": 0.5} for start in (0.0, 0.5, 1.2)]
    old, new = keep_first(manifest(tmp_path / "set" / "m.jsonl", rows), tmp_path / "new")
    assert sounds(new) == sounds(old)
    assert [path.name for path in (tmp_path / "new").rglob("*.wav")] == ["long.wav"]


def test_ids_from_paths_outlive_a_dropped_sample(tmp_path):
    for number, folder in enumerate(("s1", "s2")):
        distinct(tmp_path / "set" / folder / "1.wav", number)
    rows = [{"audio_filepath": f"{folder}/1.wav"} for folder in ("s1", "s2")]
    old = load(manifest(tmp_path / "set" / "m.jsonl", rows))
    new = versions.write(old, [Correction("s1/1", "drop", "text 0")], tmp_path / "new")
    assert sounds(new) == {"s2/1": sounds(old)["s2/1"]}


def test_a_table_keeps_its_format(tmp_path):
    distinct(tmp_path / "set" / "a.wav", 1)
    (tmp_path / "set" / "m.tsv").write_text('path\tsentence\tnote\na.wav\t"hi" there\tx "y\n')
    old, new = keep_first(tmp_path / "set" / "m.tsv", tmp_path / "one")
    assert new.path.read_text() == 'path\tsentence\tnote\na.wav\tcorrected\tx "y\n'
    (tmp_path / "set" / "m.csv").write_text('audio_filepath,text,\na.wav,"two\nlines",\na.wav,"b, c",\n')
    with pytest.raises(InputError, match="two samples have the id 'a'"):
        load(tmp_path / "set" / "m.csv")
    (tmp_path / "set" / "m.csv").write_text('audio_filepath,text,id\na.wav,"two\nlines",1\na.wav,"b, c",2\n')
    old = load(tmp_path / "set" / "m.csv")
    new = versions.write(old, [Correction("2", "keep", "b, c")], tmp_path / "two")
    assert new.path.read_text() == old.path.read_text()
    plain = manifest(tmp_path / "set" / "m.jsonl", [{"audio_filepath": "a.wav", "note": "\u2028"}])
    (tmp_path / "set" / "m.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    _, new = keep_first(tmp_path / "set" / "m.jsonl.gz", tmp_path / "three")
    assert json.loads(gzip.decompress(new.path.read_bytes()))["note"] == "\u2028"


def test_a_kaldi_folder_becomes_a_manifest(tmp_path):
    write_recording(tmp_path / "set" / "call.wav", 2.0)
    for name, content in {
        "text": "u1 one\nu2 two\n",
        "wav.scp": "call call.wav\n",
        "segments": "u1 call 0 1\nu2 call 1 2\n",
        "utt2spk": "u1 anna\nu2 bob\n",
    }.items():
        (tmp_path / "set" / name).write_text(content)
    old, new = keep_first(tmp_path / "set", tmp_path / "new")
    assert new.path.name == "samples.jsonl"
    assert (sounds(new), [one.speaker for one in new]) == (sounds(old), ["anna", "bob"])


def test_sound_in_parquet_becomes_files(tmp_path):
    import pyarrow
    from pyarrow import parquet

    data = [distinct(tmp_path / f"{number}.wav", number).read_bytes() for number in range(2)]
    cells = [{"bytes": one, "path": None} for one in data]
    (tmp_path / "set").mkdir()
    parquet.write_table(pyarrow.table({"audio": cells, "text": ["one", "two"]}), tmp_path / "set" / "m.parquet")
    old, new = keep_first(tmp_path / "set" / "m.parquet", tmp_path / "new")
    assert [one.audio_bytes() for one in new] == data
    assert [one.id for one in new] == [one.id for one in old] == ["row 1", "row 2"]
