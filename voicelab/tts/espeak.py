"""eSpeak NG through its C interface (`speak_lib.h`, version 1.52), with library and data from the espeakng-loader
wheel.

eSpeak NG is GPL-3.0 and keeps its state in globals, so this engine always runs in a worker process.
"""

import ctypes
from dataclasses import asdict, dataclass
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import EngineError, EngineMissingError

_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_RATE, _PITCH = 1, 3
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(kw_only=True, eq=False, repr=False)
class Espeak:
    """voice: a language or voice (`en-us`, `en-gb-x-rp`, `de`, ...); words_per_minute: 80 to 450; pitch: 0 to 100."""

    voice: str = "en-us"
    words_per_minute: int = 165
    pitch: int = 50

    def __post_init__(self) -> None:
        self._library: Any = None
        self._rate_hz = 0
        self._pieces: list[bytes] = []
        self._callback = _CALLBACK(self._take)

    def load(self) -> EngineInfo:
        try:
            import espeakng_loader

            library = ctypes.CDLL(espeakng_loader.get_library_path())
        except (ImportError, OSError) as error:
            raise EngineMissingError("espeak", f"{error}; run: pip install espeakng-loader") from error
        data = espeakng_loader.get_data_path().encode()
        self._rate_hz = library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, data, _INITIALIZE_DONT_EXIT)
        if self._rate_hz <= 0:
            raise EngineMissingError("espeak", f"its data at {data.decode()} cannot be read; reinstall espeakng-loader")
        voice = self.voice
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EngineError("espeak", f"unknown voice {voice!r}; try en-us, en-gb-x-rp, de, fr, es, ...")
        library.espeak_SetParameter(_RATE, self.words_per_minute, 0)
        library.espeak_SetParameter(_PITCH, self.pitch, 0)
        library.espeak_SetSynthCallback(self._callback)
        self._library = library
        self.speak("Ready.")
        revision = package_revision("espeakng-loader")
        return EngineInfo("tts", "espeak", asdict(self), revision, licence="GPL-3.0-or-later")

    def speak(self, sentence: str) -> Clip:
        self._pieces.clear()
        text = sentence.encode("utf-8") + b"\0"
        status = self._library.espeak_Synth(text, len(text), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        if status != 0:
            raise EngineError("espeak", f"synthesis failed (status {status})")
        return Clip.from_pcm16(b"".join(self._pieces), self._rate_hz)

    def _take(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        return 0
