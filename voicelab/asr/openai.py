"""Recognizers of servers with /v1/audio/transcriptions: OpenAI, vLLM, speaches, FunASR's, or voicelab's own."""

from dataclasses import dataclass

from voicelab.asr.base import Transcript
from voicelab.asr.whole import WholeUtterance
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OpenAIEngine, translated_errors


@dataclass(kw_only=True, eq=False, repr=False)
class OpenAIRecognizer(OpenAIEngine):
    """Sends each complete utterance as a WAV file; options as of OpenAIEngine.

    language: ISO 639-1 code sent to the server, or None.
    """

    kind = "asr"
    model: str = "whisper-1"
    language: str | None = None

    def stream(self) -> WholeUtterance:
        return WholeUtterance(self.hear)

    def hear(self, clip: Clip) -> Transcript:
        """Transcribe one clip on the server; an empty one is not sent."""
        if not len(clip.samples):
            return Transcript("")
        extra = {"language": self.language} if self.language else {}
        with translated_errors(self._url):
            answer = self._client.audio.transcriptions.create(
                file=("speech.wav", codecs.encode_wav(clip), "audio/wav"), model=self.model, **extra
            )
        # OpenAI's own response has no language, emotion and event; voicelab's server adds them.
        known = {name: getattr(answer, name, None) for name in ("language", "emotion", "event")}
        return Transcript(answer.text.strip(), **{name: value for name, value in known.items() if value})
