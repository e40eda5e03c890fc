"""Encoded audio never makes the decoder access other files, ports or addresses."""

from __future__ import annotations

import ast
import asyncio
import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import httpx
import psutil
import pytest

from tests.support import instructions
from tests.support.serving import TONE, Served, serving, spawned, talking
from tests.support.watching import FileWatch, PortWatch, udp_ports, watching
from voicelab.audio import codecs, decoding
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.audio.incoming import IncomingAudio
from voicelab.errors import InputError
from voicelab.paths import PROJECT

BAIT = "bait.wav"
Watches = tuple[FileWatch, PortWatch]


@pytest.fixture
def bait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watches]:
    """An audio file in the working directory, and a port, both watched for access."""
    (tmp_path / BAIT).write_bytes(codecs.encode_wav(TONE))
    monkeypatch.chdir(tmp_path)
    with watching(tmp_path) as watches:
        yield watches


def attacks(port: int) -> dict[str, bytes]:
    found = instructions.texts(BAIT, port)
    for label, text in list(found.items()):
        found |= {f"{label}_{name}": data for name, data in instructions.disguised(text).items()}
    return found | instructions.containers(TONE, BAIT, port)


def untouched(watches: Watches) -> bool:
    files, ports = watches
    return BAIT not in files.opened() and not ports.contacted()


def test_the_watch_sees_what_a_library_that_guesses_opens(bait: Watches) -> None:
    """The tests below could fail: without restrictions, FFmpeg follows playlists and aliases."""
    with av.open(io.BytesIO(instructions.texts(BAIT, 1)["ffconcat"])) as container:
        assert container.streams.audio
    assert BAIT in bait[0].opened()
    alias, options = instructions.mov_with_references(TONE, BAIT), {"enable_drefs": "1"}
    with av.open(io.BytesIO(alias), format="mov", options=options) as container:
        assert list(container.decode(audio=0))
    assert BAIT in bait[0].opened()


def refusal_of(decode: Callable[[], object]) -> str:
    """The message of the refusal; "" if audio was decoded."""
    try:
        decode()
    except InputError as error:
        return str(error)
    return ""


def stream(data: bytes) -> None:
    audio = IncomingAudio(longest_s=10.0)
    try:
        for start in range(0, len(data), 1000):
            audio.feed(data[start : start + 1000])
        audio.finish()
    finally:
        audio.close()


def whole(data: bytes) -> None:
    decoding.load(data, rate_hz=SPEECH_RATE_HZ)


@pytest.mark.parametrize("decode", [whole, stream])
def test_no_bytes_open_anything(bait: Watches, decode: Callable[[bytes], None]) -> None:
    for label, data in attacks(bait[1].port).items():
        before, began_s = udp_ports(os.getpid()), time.monotonic()
        assert "Errno" not in refusal_of(partial(decode, data)), label
        assert untouched(bait), label
        assert udp_ports(os.getpid()) == before, label
        assert time.monotonic() - began_s < 5, label


def test_a_name_is_refused_in_one_sentence_whether_there_is_such_a_file_or_not(bait: Watches) -> None:
    present, absent = instructions.texts(BAIT, bait[1].port), instructions.texts("absent.wav", bait[1].port)
    for label, text in present.items():
        refusal = refusal_of(partial(whole, text))
        assert refusal.startswith("the audio: "), label
        assert refusal == refusal_of(partial(whole, absent[label])), label


async def test_every_entrance_of_the_server_opens_nothing(bait: Watches, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    found = {**instructions.texts(BAIT, bait[1].port), **instructions.containers(TONE, BAIT, bait[1].port)}
    with serving(tmp_path / "served", recordings_dir=tmp_path / "served" / "recordings") as served:
        async with httpx.AsyncClient(base_url=served.http) as http:
            (await http.post("/app/api/recordings", json={"name": "set", "texts": ["hello"]})).raise_for_status()
            for label, data in found.items():
                form = {"prompt_id": "prompt_001", "speaker": "s", "consent": "true"}
                heard = await http.post("/v1/audio/transcriptions", data={"model": "fake"}, files={"file": data})
                taken = await http.post("/app/api/recordings/set/takes", data=form, files={"audio": data})
                if label not in ("mov_alias", "mov_url", "mp3_link", "webm_then_playlist"):
                    assert (heard.status_code, taken.status_code) == (400, 422), label
                assert untouched(bait), label
        for label, data in found.items():
            async with talking(served) as talker:
                await talker.say([data])
                await talker.answer()
            assert untouched(bait), label


async def test_a_hundred_at_once_hold_nobody_up_and_the_server_still_ends_in_time(tmp_path: Path) -> None:
    """Session descriptions, which made a decoder wait for packets, compared with a normal upload."""
    fakes = {"ASR": "fake", "AGENT": "fake", "TTS": "fake", "VAD": "none", "POOL_QUEUE": "100"}
    sound = codecs.encode_wav(TONE)
    bad = [data for port in (18_610, 18_640) for data in instructions.texts("absent.wav", port).values()] * 2
    (tmp_path / "calm").mkdir()
    with spawned(tmp_path, **fakes) as served, spawned(tmp_path / "calm", **fakes) as calm:
        assert served.pid is not None
        async with httpx.AsyncClient(base_url=calm.http, timeout=60) as http:
            await _upload(http, sound, 200)
        async with httpx.AsyncClient(base_url=served.http, timeout=60) as http:
            await _upload(http, sound, 200)
            before_s = cpu_s(served.pid)
            alone_s = sorted([await _upload(http, sound, 200) for _ in range(10)])[5]
            honest_s = cpu_s(served.pid) - before_s
            ports = udp_ports(served.pid)
            attack = [asyncio.create_task(_upload(http, data, 400)) for data in bad[:100]]
            await asyncio.sleep(0.02)
            beside_s = await _upload(http, sound, 200)
            assert udp_ports(served.pid) == ports
            await asyncio.gather(*attack)
            attack_s = cpu_s(served.pid) - before_s - honest_s
        # Processor time does not depend on the machine's load: a refusal costs at most as much as a normal upload.
        assert attack_s / len(attack) < 1.5 * honest_s / 10
        assert beside_s < alone_s * len(attack) + 0.1, "no more than waiting for its turn"
        stuck = asyncio.create_task(_hold(served, bad[:20]))
        await asyncio.sleep(0.2)
        attacked_s, calm_s = await asyncio.gather(*(asyncio.to_thread(ending_s, one) for one in (served, calm)))
        await asyncio.gather(stuck, return_exceptions=True)
    assert attacked_s < max(2, calm_s + 1), "2 s, unless a server without any attack takes longer on this machine now"


def cpu_s(pid: int) -> float:
    """Processor time of a server and the processes that it started."""
    one = psutil.Process(pid)
    times = [each.cpu_times() for each in (one, *one.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def ending_s(served: Served) -> float:
    """Seconds until the server exits after SIGTERM."""
    assert served.pid is not None
    began_s = time.monotonic()
    os.kill(served.pid, signal.SIGTERM)
    os.waitpid(served.pid, 0)
    return time.monotonic() - began_s


async def _upload(http: httpx.AsyncClient, data: bytes, status: int) -> float:
    """Seconds of an upload that is answered with this status."""
    began_s = time.monotonic()
    answer = await http.post("/v1/audio/transcriptions", data={"model": "fake"}, files={"file": data})
    assert answer.status_code == status, answer.text
    return time.monotonic() - began_s


async def _hold(served: Served, found: list[bytes]) -> None:
    async with httpx.AsyncClient(base_url=served.http, timeout=10) as http:
        posts = (http.post("/v1/audio/transcriptions", data={"model": "fake"}, files={"file": one}) for one in found)
        await asyncio.gather(*posts, return_exceptions=True)


def test_only_one_module_opens_encoded_sound() -> None:
    """Only voicelab/audio/demuxing.py calls `av.open` for reading."""
    readers = []
    for file in [*PROJECT.glob("voicelab/**/*.py"), *PROJECT.glob("server/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in ("av.open", "av.container.open"):
                continue
            mode = node.args[1] if len(node.args) > 1 else None
            if not (isinstance(mode, ast.Constant) and mode.value == "w") or isinstance(node.args[0], ast.Constant):
                readers.append(str(file.relative_to(PROJECT)))
    assert readers == ["voicelab/audio/demuxing.py"]
