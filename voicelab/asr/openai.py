"""Recognizers of servers with /v1/audio/transcriptions: OpenAI, vLLM, speaches, FunASR's, or voicelab's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from voicelab.asr.base import Transcript
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OPENAI_URL, connect, translated_errors
from voicelab.engines.spec import EngineInfo, package_revision


@dataclass(kw_only=True, eq=False, repr=False)
class OpenAIRecognizer:
    """Sends each complete utterance as a WAV file.

    base_url: server address up to /v1. model: the server's name for it. language: ISO 639-1 code sent to the server, or
    None. key_variable: environment variable with the key. timeout_s (seconds), retries: per request.
    """

    base_url: str = OPENAI_URL
    model: str = "whisper-1"
    language: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 30.0
    retries: int = 2

    def __post_init__(self) -> None:
        self._url = self.base_url.rstrip("/")
        self._client: Any = None

    def load(self) -> EngineInfo:
        self._client = connect(self._url, self.key_variable, self.timeout_s, self.retries)
        revision = f"{self.model} at {self._url}, {package_revision('openai')}"
        return EngineInfo("asr", "openai", asdict(self), revision, device="remote", licence="the server's own")

    def stream(self) -> OpenAIStream:
        return OpenAIStream(self)

    def recognize(self, clip: Clip) -> Transcript:
        """Transcribe one clip on the server."""
        extra = {"language": self.language} if self.language else {}
        with translated_errors(self._url):
            answer = self._client.audio.transcriptions.create(
                file=("speech.wav", codecs.encode_wav(clip), "audio/wav"), model=self.model, **extra
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
