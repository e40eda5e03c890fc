"""The table of recognizers."""

from voicelab.engines import Catalog, Entry

RECOGNIZERS = Catalog(
    "asr",
    {
        "pocketsphinx": Entry(
            "voicelab.asr.pocketsphinx:PocketSphinx",
            "CMU PocketSphinx with the en-us model of its own wheel; decodes while audio arrives",
            isolation="process",
            packages=("pocketsphinx",),
        ),
        "sensevoice": Entry(
            "voicelab.asr.sensevoice:SenseVoice",
            "SenseVoice through funasr: zh, en, yue, ja, ko, with emotion and sound events; decodes at pauses",
            isolation="process",
            extra="sensevoice",
            packages=("funasr", "torch", "torchaudio"),
            lanes=1,
            needs="weights: voicelab models pull sensevoice",
        ),
        "fake": Entry("voicelab.asr.fake:FakeRecognizer", "says a fixed text whatever it hears; for tests and benches"),
    },
)
