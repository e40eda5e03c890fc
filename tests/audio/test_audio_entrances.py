"""Every container through every entrance: all of them decode with the same code, and agree."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.support.serving import Served, serving, talking
from tests.support.sounds import ENCODINGS, SOUNDS, amr_wb
from voicelab import RunSpec, datasets, evaluate
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.containers import CONTAINERS
from voicelab.audio.incoming import IncomingAudio
from voicelab.paths import PROJECT
from voicelab.runs.sent_audio import heard_clip

SPOKEN_S = 1.5
CLIP = Clip((0.3 * np.sin(np.arange(round(SPOKEN_S * SPEECH_RATE_HZ)) * 0.17)).astype(np.float32), SPEECH_RATE_HZ)
FILES = {name: make(CLIP) for name, make in SOUNDS.items()}
ENTRANCES = ("WebSocket", "`/v1`", "page", "`samples`", "`evaluate`")
PAGE = PROJECT / "docs/reference/containers.md"


def page_table() -> Iterator[tuple[str, ...]]:
    """The cells of each row of the page's largest table, the headings first."""
    for line in PAGE.read_text().splitlines():
        cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
        if line.startswith("|") and len(cells) == 3 + len(ENTRANCES) and not line.startswith("|-"):
            yield cells


HEADINGS, *ROWS = page_table()
TABLE = {row[:2]: row[2:] for row in ROWS}
PADDING_S = 0.1
"""The padding of encoders."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, asr="fake:text={duration_s}", recordings_dir=folder / "recordings") as running:
        httpx.post(f"{running.http}/app/api/recordings", json={"name": "set", "texts": ["hello"]}).raise_for_status()
        yield running


def streamed(data: bytes, size: int, form: str = "opus") -> Clip:
    audio = IncomingAudio(longest_s=10.0)
    clips = [audio.feed(data[start : start + size], form) for start in range(0, len(data), size)]
    clips.append(audio.finish())
    return Clip.join([clip for clip in clips if clip is not None])


async def said_over_the_socket(served: Served, data: bytes, form: str) -> float:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([data[:7], data[7:1000], data[1000:]], format=form)
        return float((await talker.answer()).one("transcription")["text"])


def uploaded(served: Served, data: bytes) -> float:
    form = {"model": "fake", "response_format": "verbose_json"}
    answer = httpx.post(f"{served.http}/v1/audio/transcriptions", data=form, files={"file": data})
    assert answer.status_code == 200, answer.text
    return float(answer.json()["duration"])


def recorded(served: Served, data: bytes) -> float:
    form = {"prompt_id": "prompt_001", "speaker": "s01", "consent": "true"}
    answer = httpx.post(f"{served.http}/app/api/recordings/set/takes", files={"audio": data}, data=form)
    assert answer.status_code == 201, answer.text
    return float(answer.json()["report"]["duration_s"])


@pytest.mark.parametrize("name", FILES)
async def test_every_entrance_of_the_server_hears_every_container(served: Served, name: str) -> None:
    data = FILES[name]
    expected = pytest.approx(SPOKEN_S, abs=PADDING_S)
    assert uploaded(served, data) == expected
    assert recorded(served, data) == expected
    assert await said_over_the_socket(served, data, "opus") == expected
    assert await said_over_the_socket(served, data, "audio/whatever") == expected


@pytest.mark.parametrize("name", FILES)
def test_whole_and_cut_anywhere_give_the_same_samples(name: str) -> None:
    whole = decoding.load(FILES[name], rate_hz=SPEECH_RATE_HZ)
    assert whole.undecoded_s == 0
    assert whole.clip.level_dbfs == pytest.approx(CLIP.level_dbfs, abs=3.0)
    for size in (1_111, len(FILES[name])):
        assert np.array_equal(streamed(FILES[name], size).samples, whole.clip.samples)


@pytest.mark.parametrize("name", sorted(set(FILES) - {"mp3_bare", "mp3_behind_zeros", "mp2", "aac"}))
def test_the_bytes_decide_also_where_the_format_says_pcm(name: str) -> None:
    assert streamed(FILES[name], 700, "pcm16").duration_s == pytest.approx(SPOKEN_S, abs=PADDING_S)


@pytest.mark.parametrize("name", FILES)
def test_a_file_may_come_a_byte_at_a_time_at_its_beginning(name: str) -> None:
    audio = IncomingAudio(longest_s=10.0)
    parts = [FILES[name][place : place + 1] for place in range(40)] + [FILES[name][40:]]
    clips = [clip for part in parts if (clip := audio.feed(part)) is not None]
    last = audio.finish()
    assert Clip.join([*clips, *([last] if last else [])]).duration_s == pytest.approx(SPOKEN_S, abs=PADDING_S)


def test_wideband_amr_of_printable_bytes_is_not_taken_for_text(served: Served) -> None:
    data = amr_wb(1.0)
    assert data.isascii()
    assert decoding.decode(data).duration_s == pytest.approx(1.0)
    assert streamed(data, 10).duration_s == pytest.approx(1.0)
    assert uploaded(served, data) == pytest.approx(1.0)
    assert recorded(served, data) == pytest.approx(1.0)


@pytest.mark.parametrize("name", FILES)
def test_sound_comes_out_while_the_file_comes_in_where_the_page_says_so(name: str) -> None:
    expected = TABLE[ENCODINGS[name]][0] == "while it arrives"
    data = SOUNDS[name](Clip(np.tile(CLIP.samples, 4), SPEECH_RATE_HZ))
    audio, ready_s = IncomingAudio(longest_s=10.0), 0.0
    for start in range(0, len(data) * 5 // 6, 500):
        clip = audio.feed(data[start : start + 500])
        ready_s += clip.duration_s if clip else 0.0
    deadline = time.monotonic() + (20 if expected else 0.3)
    while ready_s < 3.0 and time.monotonic() < deadline:
        time.sleep(0.01)
        clip = audio.feed(b"")
        ready_s += clip.duration_s if clip else 0.0
    audio.close()
    assert (ready_s >= 3.0) == expected


def test_the_page_has_a_row_for_each_encoding_and_says_yes_for_each_entrance() -> None:
    """The other tests of this file try each of these rows at each of these entrances."""
    assert set(TABLE) == set(ENCODINGS.values())
    assert set(ENCODINGS) == set(SOUNDS)
    assert {row[1:] for row in TABLE.values()} == {("yes",) * len(ENTRANCES)}
    assert ("container", "encoding", "decoded", *ENTRANCES) == HEADINGS


def test_the_page_names_every_container_that_is_recognized() -> None:
    text = PAGE.read_text()
    assert all(f"`{container.media_type}`" in text for container in CONTAINERS.values())


def test_a_set_of_every_container_is_checked_and_evaluated_alike(tmp_path: Path) -> None:
    """`voicelab samples`, `evaluate` and `audit` decode the same files to the same length."""
    rows = []
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
        rows.append(json.dumps({"id": name, "audio_filepath": name, "text": "hello"}))
    (tmp_path / "set.jsonl").write_text("\n".join(rows))
    found = datasets.load(tmp_path / "set.jsonl")
    for sample in found.samples:
        assert sample.clip().duration_s == pytest.approx(heard_clip(sample).duration_s, abs=0.03)
    spec = RunSpec(
        samples=str(tmp_path / "set.jsonl"), asr="fake:text=hello", agent="fake", tts="fake", target="in-process"
    )
    folder, _ = evaluate(spec, tmp_path)
    assert {turn.key: turn.failure for turn in folder.turns()} == dict.fromkeys(FILES)
