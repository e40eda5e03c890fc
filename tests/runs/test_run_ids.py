"""Ids and texts are any text: each turn has its own key and reply, and a finished run can be read."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recordings import write_recording
from voicelab.datasets import load
from voicelab.datasets.file_names import file_name
from voicelab.runs import planning, runner
from voicelab.runs.records import RunFolder, RunSpec

ODD = ["a/b", "a.b", "a-b", "A-B", "../x", "x" * 300, "名前", "line\nbreak", "s/1"]


@given(st.lists(st.text(), unique=True))
def test_file_names_differ_and_are_plain(texts):
    names = [file_name(text) for text in texts]
    assert len({name.lower() for name in names}) == len(texts)
    assert all(name.isascii() and 0 < len(name) <= 73 and not set(name) & set("/\\\0") for name in names)
    assert not {".", ".."} & set(names)


def odd_set(folder: Path, said: str = "hello") -> Path:
    entries = []
    for number, name in enumerate(ODD):
        write_recording(folder / f"{number}.wav", 0.2 + 0.1 * number)
        entries.append({"id": name, "text": f"{said} {number}", "audio_path": f"{number}.wav"})
    scenario = {"id": "s", "turns": ["a/b", "a.b"]}
    path = folder / "voice_samples.json"
    path.write_text(json.dumps({"samples": {"odd": entries}, "multi_turn_scenarios": [scenario]}, ensure_ascii=False))
    return path


def spec(path: Path, target: str = "in-process", asr: str = "fake:text={duration_s}") -> RunSpec:
    return RunSpec(samples=str(path), asr=asr, agent="fake:text={heard}", tts="fake", target=target)


def test_keys_of_samples_and_scenarios_differ(tmp_path):
    turns = [turn for conversation in planning.plan(load(odd_set(tmp_path))) for turn in conversation.turns]
    assert len({turn.key for turn in turns}) == len(turns) == len(ODD) + 2


@pytest.mark.parametrize("target", ["in-process", "server"])
def test_every_turn_has_a_reply_of_its_own(tmp_path, target):
    folder, run = runner.evaluate(spec(odd_set(tmp_path), target), tmp_path, run_id="r")
    turns = folder.turns()
    assert (run.status, [turn.status for turn in turns]) == ("finished", ["answered"] * len(turns))
    files = {turn.reply_file for turn in turns}
    assert len(files) == len(turns)
    assert all((folder.path / name).resolve().parent == folder.path / "audio" for name in files)
    assert len({turn.conversation for turn in turns}) == len(ODD) + 1


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_run_whose_texts_hold_other_line_ends_is_read(tmp_path, mark):
    write_recording(tmp_path / "a.wav")
    row = {"audio_filepath": "a.wav", "text": f"price{mark}of apple"}
    (tmp_path / "m.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    folder, _ = runner.evaluate(spec(tmp_path / "m.jsonl", asr=f"fake:text=price of{mark}apple"), tmp_path, run_id="r")
    assert [turn.text for turn in folder.turns()] == [row["text"]]
    assert [turn.heard for turn in folder.turns()] == [f"price of{mark}apple"]


def test_in_an_old_folder_an_overwritten_reply_is_no_turns_reply(tmp_path):
    folder, _ = runner.evaluate(spec(odd_set(tmp_path)), tmp_path, run_id="r")
    turns = [
        turn.model_copy(update={"reply_file": "audio/a.b.ogg"}) if turn.key in ("a/b", "a.b") else turn
        for turn in folder.turns()
    ]
    (folder.path / "turns.jsonl").write_text("".join(turn.model_dump_json() + "\n" for turn in turns))
    found = {turn.key: turn.reply_file for turn in RunFolder(folder.path).turns()}
    assert (found["a/b"], found["a.b"]) == (None, "audio/a.b.ogg")
    assert found["A-B"] is not None


def test_a_segment_is_recorded_as_it_was_sent(tmp_path):
    write_recording(tmp_path / "long.wav", 2.0)
    rows = [{"audio_filepath": "long.wav", "text": "a", "offset": 0.5, "duration": 0.25}]
    rows.append({"audio_filepath": "long.wav", "text": "b", "duration": 2.0})
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    folder, _ = runner.evaluate(spec(tmp_path / "m.jsonl"), tmp_path, run_id="r")
    part, whole = folder.turns()
    assert (part.sample_id, part.heard, whole.heard) == ("long@0.5", "0.25", "2.00")
    assert (part.segment.offset_s, part.segment.duration_s, part.segment.encoding) == (0.5, 0.25, "wav, pcm_s16le")
    assert whole.segment is None
    assert part.audio_s == 0.25
