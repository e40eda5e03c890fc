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
        "fake": Entry("voicelab.asr.fake:FakeRecognizer", "says a fixed text whatever it hears; for tests and benches"),
    },
)
