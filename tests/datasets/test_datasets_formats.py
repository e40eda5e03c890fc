"""Each format gives the same two samples to `load` and the same two utterances to `score`."""

import gzip
import json
from pathlib import Path

import pytest

from tests.support.command_line import voicelab
from tests.support.recordings import write_recording
from tests.support.sample_sets import table_lines
from voicelab.audio import decoding
from voicelab.datasets import load
from voicelab.errors import InputError

TEXTS = {"anna-1": "good morning", "bob-1": 'he said "yes"'}
SPEAKERS = {"anna-1": "anna", "bob-1": "bob"}


def recordings(folder: Path, ending: str = ".wav") -> None:
    for name in TEXTS:
        write_recording(folder / f"{name}{ending}")


def rows(audio: str, text: str, speaker: str, ending: str = ".wav") -> list[dict[str, str]]:
    return [{audio: f"{name}{ending}", text: TEXTS[name], speaker: SPEAKERS[name]} for name in TEXTS]


def json_lines(found: list[dict[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in found)


def nemo(folder: Path) -> Path:
    recordings(folder)
    (folder / "m.jsonl").write_text(json_lines(rows("audio_filepath", "text", "speaker")))
    return folder / "m.jsonl"


def nemo_named_json(folder: Path) -> Path:
    return nemo(folder).rename(folder / "m.json")


def json_array(folder: Path) -> Path:
    recordings(folder)
    (folder / "m.json").write_text(json.dumps(rows("audio_filepath", "text", "speaker"), indent=1))
    return folder / "m.json"


def nemo_zipped(folder: Path) -> Path:
    path = nemo(folder)
    (folder / "m.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder / "m.jsonl.gz"


def csv_file(folder: Path) -> Path:
    recordings(folder)
    lines = ["anna-1.wav,good morning,anna", 'bob-1.wav,"he said ""yes""",bob']
    (folder / "m.csv").write_text("\n".join(["audio_filepath,text,speaker", *lines]) + "\n")
    return folder / "m.csv"


def common_voice(folder: Path) -> Path:
    recordings(folder / "clips", ".mp3")
    lines = ["\t".join(row.values()) for row in rows("path", "sentence", "client_id", ".mp3")]
    (folder / "test.tsv").write_text("\n".join(["path\tsentence\tclient_id", *lines]) + "\n")
    return folder / "test.tsv"


def utf_16(folder: Path) -> Path:
    path = common_voice(folder)
    path.write_bytes(path.read_text().encode("utf-16"))
    return path


def audio_folder(folder: Path) -> Path:
    recordings(folder)
    (folder / "metadata.jsonl").write_text(json_lines(rows("file_name", "transcription", "speaker_id")))
    return folder


def kaldi(folder: Path) -> Path:
    recordings(folder / "wav")
    (folder / "text").write_text("".join(f"{name} {text}\n" for name, text in TEXTS.items()))
    (folder / "utt2spk").write_text("".join(f"{name} {speaker}\n" for name, speaker in SPEAKERS.items()))
    (folder / "wav.scp").write_text("".join(f"{name} wav/{name}.wav\n" for name in TEXTS))
    return folder


def kaldi_segments(folder: Path) -> Path:
    write_recording(folder / "call.wav", 2.0)
    kaldi(folder)
    (folder / "wav.scp").write_text("call call.wav\n")
    (folder / "segments").write_text("anna-1 call 0.5 0.7\nbob-1 call 1.8 -1\n")
    return folder


def librispeech(folder: Path) -> Path:
    for name, text in TEXTS.items():
        write_recording(folder / SPEAKERS[name] / f"{name}.flac")
        (folder / SPEAKERS[name] / f"{SPEAKERS[name]}.trans.txt").write_text(f"{name} {text}\n")
    return folder


def parquet_paths(folder: Path) -> Path:
    import pandas

    recordings(folder)
    pandas.DataFrame(rows("audio_filepath", "text", "speaker")).to_parquet(folder / "m.parquet")
    return folder / "m.parquet"


def parquet_sound(folder: Path) -> Path:
    import pyarrow
    from pyarrow import parquet

    recordings(folder)
    found = rows("audio", "text", "speaker")
    cells = [{"bytes": (folder / row["audio"]).read_bytes(), "path": row["audio"]} for row in found]
    table = {"audio": cells, "text": [row["text"] for row in found], "speaker": [row["speaker"] for row in found]}
    parquet.write_table(pyarrow.table(table), folder / "m.parquet", row_group_size=1)
    for row in found:
        (folder / row["audio"]).unlink()
    return folder / "m.parquet"


WITH_SPEAKERS = [
    nemo, nemo_named_json, nemo_zipped, json_array, csv_file, common_voice, utf_16, audio_folder, kaldi, kaldi_segments,
    librispeech, parquet_paths, parquet_sound,
]  # fmt: skip


@pytest.mark.parametrize("make", WITH_SPEAKERS)
def test_a_format_gives_its_samples_and_its_utterances(tmp_path, make):
    path = make(tmp_path)
    found = load(path)
    assert {one.id: one.text for one in found} == TEXTS
    assert {one.id: one.speaker for one in found} == SPEAKERS
    assert all(one.clip().duration_s == pytest.approx(0.2, abs=0.06) for one in found)
    utterances = table_lines(path)
    assert {one.id: (one.text, one.speaker) for one in utterances} == {
        name: (text, SPEAKERS[name]) for name, text in TEXTS.items()
    }


def test_texts_beside_recordings(tmp_path):
    for name, text in TEXTS.items():
        write_recording(tmp_path / "deep" / f"{name}.wav")
        (tmp_path / "deep" / f"{name}.txt").write_text(text + "\n")
    assert {one.id: one.text for one in load(tmp_path)} == {f"deep/{name}": text for name, text in TEXTS.items()}
    utterances = table_lines(tmp_path)
    assert [one.id for one in utterances] == ["deep/anna-1", "deep/bob-1"]
    write_recording(tmp_path / "deep" / "zoe-1.wav")
    with pytest.raises(InputError, match=r"1 recording without a text, the first is deep/zoe-1\.wav; add zoe-1\.txt"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_recordings_that_a_folders_table_omits_are_pointed_out(tmp_path, name):
    for recording in ("a.wav", "deep/b.wav", "deep/c.wav", "test/d.wav"):
        write_recording(tmp_path / recording)
    listed = ["a.wav", "deep/b.wav"]
    table = json_lines([{"file_name": one, "transcription": "yes"} for one in listed])
    if name.endswith(".csv"):
        table = "file_name,transcription\n" + "".join(f"{one},yes\n" for one in listed)
    (tmp_path / name).write_text(table)
    (tmp_path / "test" / name).write_text(table)
    notice = "1 recording in its folder without a row, left out; the first is deep/c.wav; add a row for each"
    for done in (
        voicelab("samples", tmp_path),
        voicelab("score", tmp_path, tmp_path / name, "--hyp-column", "file_name"),
    ):
        assert done.exit_code == 0, done.output
        assert notice in " ".join(done.output.split())
    (tmp_path / "deep" / "c.wav").unlink()
    assert load(tmp_path).notices == ()


def test_recordings_without_a_line_in_librispeech_and_kaldi_are_pointed_out(tmp_path):
    for name in ("1-1-0000", "1-1-0001"):
        write_recording(tmp_path / "libri" / f"{name}.wav")
        write_recording(tmp_path / "kaldi" / f"{name}.wav")
    (tmp_path / "libri" / "1-1.trans.txt").write_text("1-1-0000 YES\n")
    (tmp_path / "kaldi" / "text").write_text("1-1-0000 yes\n")
    (tmp_path / "kaldi" / "wav.scp").write_text("1-1-0000 1-1-0000.wav\n1-1-0001 1-1-0001.wav\n")
    assert (
        "1 recording in its folder without a row, left out; the first is 1-1-0001.wav"
        in load(tmp_path / "libri").notices[0]
    )
    assert "1 utterance of" in load(tmp_path / "kaldi").notices[0]
    assert "without a text, left out; the first is '1-1-0001'" in load(tmp_path / "kaldi").notices[0]
    (tmp_path / "kaldi" / "text").write_text("1-1-0000 yes\n1-1-0001 no\n")
    assert load(tmp_path / "kaldi").notices == ()


def test_a_sentence_a_line_is_scored_by_its_place(tmp_path):
    (tmp_path / "r.txt").write_text("good day\n\nyes\n")
    (tmp_path / "h.txt").write_text("good day\noh\nyes\n")
    done = voicelab("score", tmp_path / "r.txt", tmp_path / "h.txt", "--json")
    total = json.loads(done.output)["total"]
    assert (total["sentences"], total["words"], total["insertions"]) == (3, 3, 1)


def test_the_sets_own_json_is_a_reference_too(tmp_path):
    write_recording(tmp_path / "a.wav")
    entry = {"id": "a", "text": "good morning", "audio_path": "a.wav"}
    (tmp_path / "voice_samples.json").write_text(json.dumps({"samples": {"greetings": [entry]}}))
    (tmp_path / "h.jsonl").write_text(json.dumps({"id": "a", "pred_text": "good evening"}) + "\n")
    done = voicelab("score", tmp_path, tmp_path / "h.jsonl", "--json")
    assert json.loads(done.output)["total"]["wer"] == 0.5


def test_parquet_sound_is_read_from_its_row(tmp_path):
    path = parquet_sound(tmp_path)
    write_recording(tmp_path / "same.wav")
    assert [one.audio_bytes() for one in load(path)] == [(tmp_path / "same.wav").read_bytes()] * 2


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("wav.scp", "anna-1 sox a.wav -t wav - |\n", r"wav\.scp: 'anna-1' is a command, which voicelab does not run"),
        ("wav.scp", "anna-1 raw.ark:17\n", "enter an audio file"),
        ("wav.scp", "anna-1 wav/anna-1.wav\n", r"text: line 2: recording 'bob-1' is missing in .*wav\.scp"),
        ("segments", "anna-1 anna-1 0.2 0.1\n", "'anna-1': the end, 0.1, is not after the start, 0.2"),
        ("segments", "anna-1 anna-1 0 0.1\n", r"text: line 2: utterance 'bob-1' is missing in .*segments"),
        ("segments", "anna-1 anna-1 nan 1\n", "'anna-1': a time must be a finite number"),
        ("utt2spk", "anna-1\n", r"utt2spk: line 1: must be a name and a value"),
    ],
)
def test_what_is_wrong_in_a_kaldi_folder_is_named(tmp_path, file, content, complaint):
    (kaldi(tmp_path) / file).write_text(content)
    with pytest.raises(InputError, match=complaint):
        load(tmp_path)


def test_a_command_in_wav_scp_is_not_run(tmp_path):
    (kaldi(tmp_path) / "wav.scp").write_text(f"anna-1 touch {tmp_path}/ran |\nbob-1 touch {tmp_path}/ran |\n")
    with pytest.raises(InputError, match="which voicelab does not run"):
        load(tmp_path)
    assert [one.id for one in table_lines(tmp_path)] == list(TEXTS), "texts need no recordings"
    assert not (tmp_path / "ran").exists()


def test_paths_tell_recordings_of_one_name_apart(tmp_path):
    for folder in ("s1", "s2"):
        write_recording(tmp_path / folder / "0001.wav")
    found = [{"audio_filepath": f"{name}/0001.wav", "text": name} for name in ("s1", "s2")]
    (tmp_path / "m.jsonl").write_text(json_lines(found))
    assert [one.id for one in load(tmp_path / "m.jsonl")] == ["s1/0001", "s2/0001"]


def test_a_set_has_a_length_iterates_and_becomes_a_frame(tmp_path):
    found = load(nemo(tmp_path))
    frame = found.to_frame()
    assert (len(found), list(found)) == (2, list(found.samples))
    assert list(frame["id"]) == list(TEXTS)
    assert decoding.read(frame["audio_path"][0]).duration_s == pytest.approx(0.2)


def test_a_folder_with_its_table_in_a_subfolder_is_read(tmp_path):
    write_recording(tmp_path / "data" / "1.wav")
    (tmp_path / "data" / "metadata.csv").write_text("file_name,text\n1.wav,hello\n")
    assert [sample.text for sample in load(tmp_path).samples] == ["hello"]


def test_the_tables_of_a_folder_with_several_are_named(tmp_path):
    for split in ("train", "test"):
        write_recording(tmp_path / split / "1.wav")
        (tmp_path / split / "metadata.csv").write_text("file_name,text\n1.wav,hello\n")
    with pytest.raises(
        InputError, match=r"holds 2 tables; give one of them: \S*test/metadata.csv, \S*train/metadata.csv"
    ):
        load(tmp_path)
