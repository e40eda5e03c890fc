"""The table of voices."""

from voicelab.engines import Catalog, Entry

VOICES = Catalog(
    "tts",
    {
        "espeak": Entry(
            "voicelab.tts.espeak:Espeak",
            "eSpeak NG (GPL-3.0) from the espeakng-loader wheel, in a process of its own",
            isolation="process",
            packages=("espeakng-loader",),
        ),
        "fake": Entry("voicelab.tts.fake:FakeVoice", "a tone as long as the text; for tests and benches"),
    },
)
