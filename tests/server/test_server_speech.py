"""One request for speech occupies the voice for short calls only, and its audio is limited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.serving import Served, serving
from voicelab.text.clauses import LONGEST, spoken_length


def ask(served: Served, text: str, **fields: Any) -> httpx.Response:
    body = {"model": "fake", "input": text, **fields}
    return httpx.post(f"{served.http}/v1/audio/speech", json=body, timeout=30)


@pytest.mark.parametrize("text", ["9" * 4096, "漢" * 1000, "%" * 1000, "word " * 800], ids=lambda text: text[0])
def test_the_voice_gets_short_parts_of_any_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Regression: a text without sentences went to the voice as a whole, and all others waited for up to 19 s."""
    with serving(tmp_path, max_speech_s=10_000.0) as served:
        assert served.services is not None
        voice, parts = served.services.pipeline.tts, []
        call = voice.call

        async def note(method: str, *arguments: Any) -> Any:
            parts.append(arguments[0])
            return await call(method, *arguments)

        monkeypatch.setattr(voice, "call", note)
        assert ask(served, text).status_code == 200
    assert max(map(spoken_length, parts)) <= LONGEST
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")


def test_speech_that_becomes_too_long_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path, max_speech_s=5.0) as served:
        assert ask(served, "a short text").status_code == 200
        for longer in (ask(served, "word " * 100), ask(served, "a short text, said slowly", speed=0.25)):
            assert longer.status_code == 400
            assert longer.json()["error"]["code"] == "speech_too_long"
            assert "MAX_SPEECH_S" in longer.json()["error"]["message"]
