"""Recognizers of servers with /v1/audio/transcriptions: OpenAI, vLLM, speaches, FunASR's, or voicelab's own."""

from __future__ import annotations

from typing import Any

from voicelab.asr.base import Transcript
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OPENAI_URL, connect, translated_errors
from voicelab.engines.spec import EngineInfo, OptionValue, package_revision


class OpenAIRecognizer:
    """Sends each complete utterance as a WAV file.

    base_url: server address up to /v1. model: the server's name for it. language: ISO 639-1 code sent to the server, or
    None. key_variable: environment variable with the key. timeout_s (seconds), retries: per request.
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
        """Transcribe one clip on the server."""
        extra = {"language": self._language} if self._language else {}
        with translated_errors(self._base_url):
            answer = self._client.audio.transcriptions.create(
                file=("speech.wav", codecs.encode_wav(clip), "audio/wav"), model=self._model, **extra
            )
        # OpenAI's own response has no language, emotion and event; voicelab's server adds them.
        known = {name: getattr(answer, name, None) for name in ("language", "emotion", "event")}
        return Transcript(answer.text.strip(), **{name: value for name, value in known.items() if value})


class OpenAIStream:
    """Collects the audio of one utterance."""

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
