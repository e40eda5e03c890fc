"""Models that engines need, by the name used in `voicelab models pull`."""

from dataclasses import dataclass

from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class Model:
    """A model on the hubs.

    modelscope, huggingface: its id there, or None. files: file name patterns of the files to fetch, all required.
    engine: the option that uses it. megabytes: approximate download size.
    """

    summary: str
    engine: str
    modelscope: str | None
    huggingface: str | None
    files: tuple[str, ...]
    megabytes: int


_SENSEVOICE_FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn", "*.bpe.model")
_FSMN_VAD_FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn")
_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")

MODELS = {
    "sensevoice": Model(
        "SenseVoiceSmall: zh, en, yue, ja, ko", "--asr sensevoice",
        "iic/SenseVoiceSmall", "FunAudioLLM/SenseVoiceSmall", _SENSEVOICE_FILES, 940,
    ),
    "fsmn-vad": Model(
        "FSMN-VAD: voice activity detection, 16 kHz", "--asr sensevoice:vad=fsmn",
        "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch", "funasr/fsmn-vad", _FSMN_VAD_FILES, 4,
    ),
    "whisper-tiny.en": Model(
        "Whisper tiny, English, for CTranslate2", "--asr faster-whisper:model=Systran/faster-whisper-tiny.en",
        None, "Systran/faster-whisper-tiny.en", _WHISPER_FILES, 80,
    ),
    "whisper-base.en": Model(
        "Whisper base, English, for CTranslate2", "--asr faster-whisper:model=Systran/faster-whisper-base.en",
        None, "Systran/faster-whisper-base.en", _WHISPER_FILES, 150,
    ),
    "whisper-small.en": Model(
        "Whisper small, English, for CTranslate2", "--asr faster-whisper:model=Systran/faster-whisper-small.en",
        None, "Systran/faster-whisper-small.en", _WHISPER_FILES, 490,
    ),
}  # fmt: skip


def model(name: str) -> Model:
    """Return the model with that name or hub id. Raises InputError, which lists the names."""
    for known, entry in MODELS.items():
        if name in (known, entry.modelscope, entry.huggingface):
            return entry
    raise InputError(f"unknown model {name!r}; known: {', '.join(MODELS)}")


def known_files(folder_or_id: str) -> tuple[str, ...]:
    """Return the file patterns of a model in the table, empty for others."""
    try:
        return model(folder_or_id).files
    except InputError:
        return ()
