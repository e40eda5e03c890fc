"""Any server that transcribes at /v1/audio/transcriptions: OpenAI, vLLM, speaches, FunASR's, or voicelab's own."""

from __future__ import annotations

from typing import Any

from voicelab.asr.base import Transcript
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OPENAI_URL, connect, translated_errors
from voicelab.engines.spec import EngineInfo, OptionValue, package_revision


class OpenAIRecognizer:
    """Sends an utterance as a WAV file when it is complete.

    base_url: of the server, up to /v1. model: as the server names it. language: ISO 639-1, told to the server when set.
    key_variable: the environment variable that holds the key. timeout_s, retries: of each request.
    """

    def __init__(
        self,
        *,
        base_url: str = OPENAI_URL,
        model: str = "whisper-1",
        language: str | None = None,
        key_variable: str = "OPENAI_API_KEY",
        timeout_s: float = 30.0,
        retries: int = 2,
    ) -> None:
        self._options: dict[str, OptionValue] = {
            "base_url": base_url, "model": model, "language": language, "key_variable": key_variable,
            "timeout_s": timeout_s, "retries": retries,
        }  # fmt: skip
        self._base_url, self._model, self._language = base_url.rstrip("/"), model, language
        self._client: Any = None
        self._how = (key_variable, timeout_s, retries)

    def load(self) -> EngineInfo:
        self._client = connect(self._base_url, *self._how)
        revision = f"{self._model} at {self._base_url}, {package_revision('openai')}"
        return EngineInfo("asr", "openai", dict(self._options), revision, device="remote", licence="the server's own")

    def stream(self) -> OpenAIStream:
        return OpenAIStream(self)

    def recognize(self, clip: Clip) -> Transcript:
        """Ask the server for one clip."""
        extra = {"language": self._language} if self._language else {}
        with translated_errors(self._base_url):
            answer = self._client.audio.transcriptions.create(
                file=("speech.wav", codecs.encode_wav(clip), "audio/wav"), model=self._model, **extra
            )
        # language, emotion and event are beyond OpenAI's own answer; voicelab's server adds them.
        known = {name: getattr(answer, name, None) for name in ("language", "emotion", "event")}
        return Transcript(answer.text.strip(), **{name: value for name, value in known.items() if value})


class OpenAIStream:
    """Collects one utterance."""

    def __init__(self, recognizer: OpenAIRecognizer) -> None:
        self._recognizer = recognizer
        self._clips: list[Clip] = []

    def feed(self, clip: Clip) -> None:
        if len(clip.samples):
            self._clips.append(clip)

    def finish(self) -> Transcript:
        return self._recognizer.recognize(Clip.join(self._clips)) if self._clips else Transcript("")

    def close(self) -> None:
        self._clips.clear()
