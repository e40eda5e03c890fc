"""The table of end-of-turn detectors."""

from voicelab.engines.spec import Catalog, Entry
from voicelab.vad.turn_end.smart_turn_file import INSTALL_COMMAND as SMART_TURN_COMMAND

TURN_ENDS = Catalog(
    "turn_end",
    {
        "silence": Entry("voicelab.vad.turn_end.silence:Silence", "silence alone"),
        "words": Entry("voicelab.vad.turn_end.words:Words", "silence, and whether the words so far look complete"),
        "prosody": Entry(
            "voicelab.vad.turn_end.prosody:Prosody", "silence, pitch and energy before the pause, and the words so far"
        ),
        "smart-turn": Entry(
            "voicelab.vad.turn_end.smart_turn:SmartTurn",
            "silence, the model smart-turn v3.2 on the last 8 s, and the words so far",
            install=SMART_TURN_COMMAND,
            packages=("pipecat-ai", "onnxruntime"),
        ),
    },
)
DEFAULT_TURN_END = "prosody"
