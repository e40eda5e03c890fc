"""Show a clip in a notebook, with its waveform and a player."""

import base64

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.audio.codecs import encode_wav

_WIDTH, _HEIGHT = 480, 60
_LONGEST_S = 60.0
"""Maximum duration of a clip with a player; a longer one is shown as a waveform only."""


def clip_html(clip: Clip) -> str:
    """Return HTML with the waveform and a player. In an untrusted notebook, JupyterLab removes only the player."""
    picture = base64.b64encode(waveform_svg(clip).encode()).decode()
    shown = f'<img alt="waveform, {clip.duration_s:.2f} s" src="data:image/svg+xml;base64,{picture}">'
    if clip.duration_s > _LONGEST_S:
        return f"{shown}<p>longer than {_LONGEST_S:g} s, so without a player</p>"
    sound = base64.b64encode(encode_wav(clip)).decode()
    return f'{shown}<br><audio controls src="data:audio/wav;base64,{sound}"></audio>'


def waveform_svg(clip: Clip) -> str:
    """Return the peaks of the clip as SVG; its full height is full scale."""
    middle = _HEIGHT / 2
    bars = []
    for place, part in enumerate(np.array_split(clip.samples, _WIDTH)):
        low, high = (float(part.min()), float(part.max())) if len(part) else (0.0, 0.0)
        top, bottom = (middle - middle * max(-1.0, min(1.0, one)) for one in (high, low))
        bars.append(f"M{place},{top:.1f}V{max(bottom, top + 0.5):.1f}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">'
        f'<path d="{"".join(bars)}" stroke="#4269d0" stroke-width="1"/></svg>'
    )
