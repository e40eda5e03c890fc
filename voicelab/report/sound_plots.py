"""Plot the waveform and the spectrogram of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip
from voicelab.report.canvas import plain
from voicelab.report.theme import LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WINDOW_S, _HOP_S, _FLOOR_DB = 0.025, 0.010, -80.0


def spectrogram_db(clip: Clip) -> NDArray[np.float64]:
    """Return the spectrogram in dB relative to its maximum, at least -80: shape (window / 2 + 1, frames).

    Hann windows of 25 ms, one every 10 ms.
    """
    size, hop = round(_WINDOW_S * clip.rate_hz), round(_HOP_S * clip.rate_hz)
    samples = clip.samples.astype(np.float64)
    padded = np.pad(samples, (0, max(0, size - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    loudest = power.max() or 1.0
    return np.asarray(10 * np.log10(np.maximum(power / loudest, 10 ** (_FLOOR_DB / 10))).T, dtype=np.float64)


def recording(clip: Clip, title: str, theme: Theme = LIGHT) -> Figure:
    """Plot the waveform above the spectrogram, on a common time axis."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.2), layout="constrained", facecolor=theme.paper)
    wave, picture = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
    wave.plot(np.arange(len(clip.samples)) / clip.rate_hz, clip.samples, color=theme.accent, linewidth=0.6)
    wave.set_ylim(-1, 1)
    wave.set_ylabel("amplitude", color=theme.ink)
    wave.set_title(plain(title, 90), loc="left", color=theme.ink, fontsize=11)
    extent = (0.0, clip.duration_s, 0.0, clip.rate_hz / 2000)
    picture.imshow(spectrogram_db(clip), origin="lower", aspect="auto", extent=extent, cmap="cividis")
    picture.set_ylabel("kHz", color=theme.ink)
    picture.set_xlabel("seconds", color=theme.ink)
    for axes in (wave, picture):
        axes.set_facecolor(theme.paper)
        axes.tick_params(colors=theme.ink)
    return figure
