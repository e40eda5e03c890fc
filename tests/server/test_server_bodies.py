"""Request bodies are limited, and no speech is written to disk."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.serving import Served, Talker, container, serving, talking
from tests.support.tones import tone
from voicelab.audio import codecs
from voicelab.audio.clip import Clip

LIMIT = 3_000_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, max_message_bytes=LIMIT, recordings_dir=folder / "recordings") as running:
        yield running


@contextmanager
def written() -> Iterator[list[str]]:
    """The files that Python opens for writing, including unnamed ones."""
    found: list[str] = []
    listening = True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if not listening or event != "open" or arguments[0] == os.devnull:
            return
        if isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            found.append(str(arguments[0]))

    sys.addaudithook(listen)
    try:
        yield found
    finally:
        listening = False


def upload(served: Served, data: bytes) -> httpx.Response:
    files = {"file": ("speech.wav", data)}
    return httpx.post(f"{served.http}/v1/audio/transcriptions", data={"model": "fake"}, files=files)


def test_the_ear_for_files_hears_one_that_is_written(tmp_path: Path) -> None:
    with written() as found:
        (tmp_path / "speech").write_bytes(b"x")
    assert found == [str(tmp_path / "speech")]


def test_no_upload_is_laid_on_disk(served: Served) -> None:
    """Starlette would write more than a megabyte to a temporary file."""
    speech = codecs.encode_wav(tone(80.0))
    assert len(speech) > 2_000_000
    with written() as found:
        assert upload(served, speech).json()["text"] == "you spoke 80.00 seconds"
    assert found == []


async def test_no_turn_is_laid_on_disk(served: Served) -> None:
    with written() as found:
        async with talking(served) as talker:
            await talker.init()
            for form, codec in (("ogg", "libopus"), ("webm", "libopus"), ("wav", "pcm_s16le"), ("mp3", "libmp3lame")):
                await turn_of(talker, container(tone(20.0), form, codec))
    assert found == []


async def turn_of(talker: Talker, data: bytes) -> None:
    await talker.say([data[start : start + 100_000] for start in range(0, len(data), 100_000)])
    assert "transcription" in (await talker.answer()).names


@pytest.mark.parametrize("path", ["/api/voice/command", "/v1/audio/speech", "/v1/audio/transcriptions"])
@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_body_over_the_limit_is_not_read(served: Served, path: str, says_its_length: bool) -> None:
    """Regression: it was read completely into memory or to disk, whatever its size."""
    given = 0
    is_form = "transcriptions" in path

    def pieces() -> Iterator[bytes]:
        nonlocal given
        if is_form:
            yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(200):
            given += 1_000_000
            yield b" " * 1_000_000

    headers = {"Content-Type": "multipart/form-data; boundary=x" if is_form else "application/json"}
    if says_its_length:
        headers["Content-Length"] = "200000000"
    try:
        response = httpx.post(served.http + path, content=pieces(), headers=headers)
    except (httpx.WriteError, httpx.ReadError):
        pass  # the connection was closed while this side was still sending
    else:
        assert response.status_code == 413
        assert "message_too_large" in response.text
    assert given < 50_000_000


def test_what_is_too_large_is_told(served: Served) -> None:
    body = {"command": "x" * 4_000_000, "user_id": "ada"}
    response = httpx.post(f"{served.http}/api/voice/command", json=body)
    assert (response.status_code, response.json()["detail"]["code"]) == (413, "message_too_large")
    response = upload(served, codecs.encode_wav(Clip.silence(125)))
    assert (response.status_code, response.json()["error"]["code"]) == (413, "message_too_large")


def test_who_still_sends_when_it_is_told_can_read_it(served: Served) -> None:
    """Closing with unread bytes resets the connection, which loses the answer."""
    url = httpx.URL(served.http)
    with socket.create_connection((url.host, url.port), timeout=10) as peer:
        head = "POST /api/voice/command HTTP/1.1\r\nHost: {}\r\nContent-Length: 4000000\r\n\r\n"
        peer.sendall(head.format(url.netloc.decode()).encode())
        for _ in range(40):
            time.sleep(0.005)
            peer.sendall(b"x" * 100_000)
        answer = b""
        while piece := peer.recv(65_536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"message_too_large" in answer


def test_what_is_just_not_too_large_is_taken(served: Served) -> None:
    speech = codecs.encode_wav(tone(90.0))
    assert LIMIT - 200_000 < len(speech) < LIMIT
    assert upload(served, speech).status_code == 200
