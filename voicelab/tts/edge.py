"""Microsoft Edge's online voices through edge-tts: no key, but every sentence is sent over the internet."""

from dataclasses import asdict, dataclass

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import EngineError, EngineMissingError


@dataclass(kw_only=True, eq=False, repr=False)
class EdgeVoice:
    """voice: a name such as en-US-AriaNeural; rate: relative speed, such as "+10%"; timeout_s: per request."""

    voice: str = "en-US-AriaNeural"
    rate: str = "+0%"
    timeout_s: float = 30.0

    def load(self) -> EngineInfo:
        try:
            self.speak("Ready.")
        except EngineMissingError:
            raise
        except EngineError as error:
            raise EngineMissingError("edge", f"{error.args[1]}; check the network, voice and rate") from error
        revision = f"online, {package_revision('edge-tts')}"
        licence = "LGPL-3.0 (edge-tts); the service's own terms"
        return EngineInfo("tts", "edge", asdict(self), revision, device="remote", licence=licence)

    def speak(self, sentence: str) -> Clip:
        try:
            import aiohttp
            import edge_tts
            from edge_tts.exceptions import EdgeTTSException
        except ImportError as error:
            raise EngineMissingError("edge", f"{error}; run: pip install 'voicelab[edge]'") from error
        timeout = max(1, round(self.timeout_s))
        try:
            talk = edge_tts.Communicate(
                sentence, self.voice, rate=self.rate,
                connect_timeout=timeout, receive_timeout=timeout,
            )  # fmt: skip
            pieces = [piece["data"] for piece in talk.stream_sync() if piece["type"] == "audio"]
        except (EdgeTTSException, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise EngineError("edge", f"Microsoft's server returned no speech: {error}") from error
        return decoding.decode(b"".join(pieces), source="the speech of edge-tts")
