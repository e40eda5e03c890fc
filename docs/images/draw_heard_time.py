"""Draws heard_time.png: a shipped recording, a reply, and both ways to time it."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from voicelab.audio.clip import Clip
from voicelab.datasets import load
from voicelab.metrics.response_timing import agreed_end, agreed_start
from voicelab.paths import shipped
from voicelab.vad.speech_spans import speech_spans

ARRIVES_AFTER_S, LEADING_S = 0.25, 0.2


def draw(target: Path) -> None:
    """The caller above, the agent below, on one clock."""
    samples = load(shipped("voice_samples")).samples
    caller, reply = samples[0].clip().at_rate(16_000), samples[2].clip().at_rate(16_000).between(0.19, 1.2)
    reply = Clip.join([Clip.silence(LEADING_S), reply])
    t_end = caller.duration_s
    arrives_s = t_end + ARRIVES_AFTER_S
    heard, said = speech_spans(caller), speech_spans(reply)
    speech_end, reply_start = agreed_end(heard.silero, heard.energy).at_s, agreed_start(said.silero, said.energy).at_s
    assert speech_end is not None
    assert reply_start is not None
    reply_start += arrives_s
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 3.8), sharex=True, constrained_layout=True)
    for axes, clip, start_s, name in ((above, caller, 0.0, "caller"), (below, reply, arrives_s, "agent")):
        axes.plot(start_s + np.arange(len(clip.samples)) / clip.rate_hz, clip.samples, color="#35618e", linewidth=0.5)
        axes.set_ylabel(name)
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
        for instant, colour in ((speech_end, "#b3261e"), (t_end, "#7a7a7a"), (reply_start, "#b3261e")):
            axes.axvline(instant, color=colour, linewidth=1.2, linestyle="--" if colour == "#7a7a7a" else "-")
    top = above.get_ylim()[1]
    above.text(speech_end - 0.03, top, "speech ends", ha="right", va="top", color="#b3261e")
    above.text(t_end + 0.03, top, "t_end", va="top", color="#555555")
    above.text(reply_start + 0.03, top, "reply is heard", va="top", color="#b3261e")
    level = below.get_ylim()[0] * 0.9
    for start_s, height, colour, name in (
        (speech_end, level, "#b3261e", "response_s"), (t_end, level * 0.55, "#555555", "from t_end"),
    ):  # fmt: skip
        below.annotate("", (reply_start, height), (start_s, height), arrowprops={"arrowstyle": "<->", "color": colour})
        label = f"{name} {reply_start - start_s:.2f} s"
        below.text(speech_end - 0.03, height, label, ha="right", va="center", color=colour)
    below.set_xlabel("seconds")
    figure.savefig(target, dpi=130)


if __name__ == "__main__":
    draw(Path(__file__).with_name("heard_time.png"))
