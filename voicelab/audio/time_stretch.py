"""Changes the speed of speech without changing its pitch."""

import av
import av.error
import av.filter
import numpy as np

from voicelab.audio.clip import Clip

_FASTEST_STEP, _SLOWEST_STEP = 2.0, 0.5
"""Bounds within which one pass of FFmpeg's atempo (WSOLA) overlaps segments and skips none."""


def stretch(clip: Clip, speed: float) -> Clip:
    """Play the clip at `speed` times its rate with unchanged pitch; 1 returns the clip itself.

    speed: positive. Speeds beyond half and double use several passes.
    """
    if speed == 1 or not len(clip.samples):
        return clip
    graph = av.filter.Graph()
    nodes = [graph.add_abuffer(format="flt", sample_rate=clip.rate_hz, layout="mono")]
    nodes += [graph.add("atempo", f"{step:.6f}") for step in _steps(speed)]
    nodes += [graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    frame = av.AudioFrame.from_ndarray(clip.samples.astype(np.float32).reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = clip.rate_hz
    graph.push(frame)
    graph.push(None)
    pieces = []
    while True:
        try:
            pieces.append(graph.pull().to_ndarray().reshape(-1))
        except (av.error.EOFError, av.error.BlockingIOError):
            break
    return Clip(np.concatenate(pieces) if pieces else clip.samples[:0], clip.rate_hz)


def _steps(speed: float) -> list[float]:
    steps = []
    while speed > _FASTEST_STEP or speed < _SLOWEST_STEP:
        step = _FASTEST_STEP if speed > 1 else _SLOWEST_STEP
        steps.append(step)
        speed /= step
    return [*steps, speed]
