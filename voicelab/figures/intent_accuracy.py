"""Intent accuracy, over the turns whose sample states an intent."""

from __future__ import annotations

from voicelab.figures.figure import Figure, Ratio, counting

FIGURE = Figure(
    name="intent_accuracy",
    title="intent accuracy",
    short="intent",
    better="higher",
    group="intents",
    counts=counting("intent_right", lambda right: {"right": int(right), "turns": 1}),
    value=Ratio("right", "turns"),
    shown_in=("report", "compare", "sweep"),
)
