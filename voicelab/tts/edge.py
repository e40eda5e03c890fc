"""Microsoft Edge's online voices through edge-tts: no key, but every sentence is sent over the internet."""

from __future__ import annotations

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo, OptionValue, package_revision
from voicelab.errors import EngineError, EngineMissingError


class EdgeVoice:
    """voice: a name such as en-US-AriaNeural; rate: relative speed such as "+10%"; timeout_s: per
    request, in seconds.
    """

    def __init__(self, *, voice: str = "en-US-AriaNeural", rate: str = "+0%", timeout_s: float = 30.0) -> None:
        self._options: dict[str, OptionValue] = {"voice": voice, "rate": rate, "timeout_s": timeout_s}
        self._timeout_s = timeout_s

    def load(self) -> EngineInfo:
        try:
            self.speak("Ready.")
        except EngineMissingError:
            raise
        except EngineError as error:
            raise EngineMissingError("edge", f"{error.args[1]}; check the network, voice and rate") from error
        revision = f"online, {package_revision('edge-tts')}"
        licence = "LGPL-3.0 (edge-tts); the service's own terms"
        return EngineInfo("tts", "edge", dict(self._options), revision, device="remote", licence=licence)

    def speak(self, sentence: str) -> Clip:
        try:
            import aiohttp
            import edge_tts
            from edge_tts.exceptions import EdgeTTSException
        except ImportError as error:
            raise EngineMissingError("edge", f"{error}; run: pip install 'voicelab[edge]'") from error
        timeout = max(1, round(self._timeout_s))
        try:
            talk = edge_tts.Communicate(
                sentence, str(self._options["voice"]), rate=str(self._options["rate"]),
                connect_timeout=timeout, receive_timeout=timeout,
            )  # fmt: skip
            pieces = [piece["data"] for piece in talk.stream_sync() if piece["type"] == "audio"]
        except (EdgeTTSException, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise EngineError("edge", f"Microsoft's server returned no speech: {error}") from error
        return decoding.decode(b"".join(pieces), source="the speech of edge-tts")
