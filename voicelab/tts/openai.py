"""Voices of servers with /v1/audio/speech: OpenAI, vLLM, speaches, or voicelab's own."""

from dataclasses import dataclass

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.engines.openai_client import OpenAIEngine, translated_errors


@dataclass(kw_only=True, eq=False, repr=False)
class OpenAIVoice(OpenAIEngine):
    """Requests one WAV file per sentence; options as of OpenAIEngine. voice: the server's name."""

    kind = "tts"
    model: str = "tts-1"
    voice: str = "alloy"

    def speak(self, sentence: str) -> Clip:
        with translated_errors(self._url):
            answer = self._client.audio.speech.create(
                model=self.model, voice=self.voice, input=sentence, response_format="wav"
            )
        return decoding.decode(answer.content, source=f"the speech of {self._url}")
