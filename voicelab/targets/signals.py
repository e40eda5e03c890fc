"""The figures that need each signal of a target."""

from voicelab.targets.base import Capabilities

FIGURES = {
    "caller transcript": ("transcript", "word error rate, entity recall in transcripts, transcript_s"),
    "partial transcript": ("partial transcript", "entity commit time, flicker, word error rate over time"),
    "reply text": ("reply text", "entity recall in replies, reply_text_s"),
    "partial reply text": ("partial reply text", "none yet"),
    "entities": ("entities", "intent accuracy, companies linked"),
    "tool calls": ("tool calls", "none yet"),
    "end of reply": ("end of a reply", "turn_s"),
    "turn detection": ("detected end of turn", "cut-offs"),
    "interruption": ("acknowledged interruption", "yield latency, yield rate, selectivity"),
    "stage times": ("stage times", "the stages, overhead_s, rtf"),
    "session state": ("session state", "figures of the session beyond those of its turns"),
}
"""The readable name of each signal, and the figures that need it."""


def missing_figures(capabilities: Capabilities) -> tuple[str, ...]:
    """Return a sentence for each missing signal."""
    found = []
    for signal in capabilities.missing:
        name, figures = FIGURES[signal]
        if figures != "none yet":
            found.append(f"{figures}: not available, because the target sends no {name}")
    return tuple(found)
