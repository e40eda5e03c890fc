"""Voices of servers with /v1/audio/speech: OpenAI, vLLM, speaches, or voicelab's own."""

from __future__ import annotations

from typing import Any

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OPENAI_URL, connect, translated_errors
from voicelab.engines.spec import EngineInfo, OptionValue, package_revision


class OpenAIVoice:
    """Requests one WAV file per sentence.

    base_url: server address up to /v1. model, voice: the server's names. key_variable: environment variable with the
    key. timeout_s (seconds), retries: per request.
    """

    def __init__(
        self,
        *,
        base_url: str = OPENAI_URL,
        model: str = "tts-1",
        voice: str = "alloy",
        key_variable: str = "OPENAI_API_KEY",
        timeout_s: float = 30.0,
        retries: int = 2,
    ) -> None:
        self._options: dict[str, OptionValue] = {
            "base_url": base_url, "model": model, "voice": voice, "key_variable": key_variable,
            "timeout_s": timeout_s, "retries": retries,
        }  # fmt: skip
        self._base_url, self._model, self._voice = base_url.rstrip("/"), model, voice
        self._client: Any = None
        self._how = (key_variable, timeout_s, retries)

    def load(self) -> EngineInfo:
        self._client = connect(self._base_url, *self._how)
        revision = f"{self._model} at {self._base_url}, {package_revision('openai')}"
        return EngineInfo("tts", "openai", dict(self._options), revision, device="remote", licence="the server's own")

    def speak(self, sentence: str) -> Clip:
        with translated_errors(self._base_url):
            answer = self._client.audio.speech.create(
                model=self._model, voice=self._voice, input=sentence, response_format="wav"
            )
        return decoding.decode(answer.content, source=f"the speech of {self._base_url}")
