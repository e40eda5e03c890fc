"""Voices of servers with /v1/audio/speech: OpenAI, vLLM, speaches, or voicelab's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OPENAI_URL, connect, translated_errors
from voicelab.engines.spec import EngineInfo, package_revision


@dataclass(kw_only=True, eq=False, repr=False)
class OpenAIVoice:
    """Requests one WAV file per sentence.

    base_url: server address up to /v1. model, voice: the server's names. key_variable: environment variable with the
    key. timeout_s (seconds), retries: per request.
    """

    base_url: str = OPENAI_URL
    model: str = "tts-1"
    voice: str = "alloy"
    key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 30.0
    retries: int = 2

    def __post_init__(self) -> None:
        self._url = self.base_url.rstrip("/")
        self._client: Any = None

    def load(self) -> EngineInfo:
        self._client = connect(self._url, self.key_variable, self.timeout_s, self.retries)
        revision = f"{self.model} at {self._url}, {package_revision('openai')}"
        return EngineInfo("tts", "openai", asdict(self), revision, device="remote", licence="the server's own")

    def speak(self, sentence: str) -> Clip:
        with translated_errors(self._url):
            answer = self._client.audio.speech.create(
                model=self.model, voice=self.voice, input=sentence, response_format="wav"
            )
        return decoding.decode(answer.content, source=f"the speech of {self._url}")
