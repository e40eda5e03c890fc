"""Draw a conversation as two waveforms, the caller above and the agent below, with marks and audio."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.decoding import decode_stereo
from voicelab.audio.stereo import encode_opus
from voicelab.errors import InputError
from voicelab.report.sounds import EmbeddedSound, SoundShelf, data_uri
from voicelab.report.wording import seconds
from voicelab.runs.records import TurnResult
from voicelab.runs.turn_content import SpokenOver

WIDTH = 400
"""Number of columns in the waveform."""
HEIGHT = 40
"""Height of a waveform in SVG units."""
_BITS_PER_S = 48_000
_QUIET = 0.004
"""Peaks below this fraction of full scale are drawn as silence."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The response time: from the end of the caller's speech to the start of the reply, in percent of the width."""

    left: float
    width: float
    early: bool


@dataclass(frozen=True, slots=True)
class Lanes:
    """A stereo recording as waveforms. caller, agent: SVG paths, WIDTH by HEIGHT. marks: (percent, kind, name).

    turns: each turn, and in words what the agent did when the caller spoke over its reply; "" if that did not happen.
    """

    sound: EmbeddedSound
    duration_s: float
    caller: str
    agent: str
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str, str], ...]
    gaps: tuple[Gap, ...]
    turns: tuple[tuple[TurnResult, str], ...]


def conversation_lanes(shelf: SoundShelf, turns: Sequence[TurnResult]) -> Lanes | None:
    """Return the waveforms of a conversation; None if it has no stereo recording."""
    name = next((turn.recording_file for turn in turns if turn.recording_file is not None), None)
    if name is None:
        return None
    times = tuple((turn, _over(turn.over_reply)) for turn in turns)
    found = shelf.recording(name)
    if isinstance(found, EmbeddedSound):
        return Lanes(found, 0.0, "", "", (), (), (), times)
    try:
        left, right, rate_hz = decode_stereo(found)
        sound = EmbeddedSound(data_uri(encode_opus(left, right, rate_hz, _BITS_PER_S), "audio/ogg"))
    except (OSError, ValueError, InputError):
        return Lanes(EmbeddedSound(None, f"not available: {name} cannot be read"), 0.0, "", "", (), (), (), times)
    duration_s = len(left) / rate_hz
    return Lanes(
        sound=shelf.fitting(sound, name),
        duration_s=duration_s,
        caller=waveform(left),
        agent=waveform(right),
        ticks=_ticks(duration_s),
        marks=tuple(mark for turn in turns for mark in _marks(turn, duration_s)),
        gaps=tuple(gap for turn in turns if (gap := _gap(turn, duration_s)) is not None),
        turns=times,
    )


def waveform(samples: NDArray[np.float32]) -> str:
    """Return the SVG path of a channel's peaks, normalized to the loudest; "" if the channel is silent."""
    if not len(samples):
        return ""
    edges = np.linspace(0, len(samples), WIDTH + 1).astype(int)
    peaks = np.maximum.reduceat(np.abs(samples), np.minimum(edges[:-1], len(samples) - 1))
    loudest = float(peaks.max())
    if loudest < _QUIET:
        return ""
    heights = np.where(peaks < _QUIET, 0, np.maximum(1, np.rint(peaks / loudest * (HEIGHT - 4)))).astype(int)
    return "".join(f"M{x} {(HEIGHT - int(h)) / 2:g}v{h}" for x, h in enumerate(heights) if h)


def _percent(at_s: float, duration_s: float) -> float:
    return round(min(100.0, max(0.0, 100 * at_s / duration_s)), 2)


def _marks(turn: TurnResult, duration_s: float) -> list[tuple[float, str, str]]:
    over = turn.over_reply
    began_s = over.starts_s if over is not None else None
    stops_s = over.agent_stops_s if over is not None else None
    edges = (
        ("speech ends", "end", turn.speech_end_s),
        ("reply starts", "start", turn.reply_start_s),
        ("caller speaks over the reply", "over", began_s),
        ("agent stops", "stop", None if began_s is None or stops_s is None else began_s + stops_s),
    )
    return [
        (_percent(at_s, duration_s), kind, f"{name} at {at_s:.2f} s") for name, kind, at_s in edges if at_s is not None
    ]


def _gap(turn: TurnResult, duration_s: float) -> Gap | None:
    if turn.response_s is None or turn.speech_end_s is None or turn.reply_start_s is None:
        return None
    first, last = sorted((turn.speech_end_s, turn.reply_start_s))
    left = _percent(first, duration_s)
    return Gap(left, round(_percent(last, duration_s) - left, 2), turn.response_s < 0)


def _ticks(duration_s: float) -> tuple[tuple[float, str], ...]:
    """Return about eight evenly spaced tick times at round values, without the end."""
    step_s = next((step for step in (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300) if duration_s / step <= 8), 600)
    count = int(duration_s / step_s * 0.94) + 1
    return tuple((_percent(place * step_s, duration_s), f"{place * step_s:g} s") for place in range(count))


def _over(over: SpokenOver | None) -> str:
    if over is None:
        return ""
    kind = over.kind.replace("_", " ")
    if over.agent_stops_s is None:
        return f"{kind} over the reply: {over.missing}"
    by_itself = ", its reply ended by itself" if over.by_itself else ""
    began, stops = seconds(over.starts_s), seconds(over.agent_stops_s)
    return f"{kind} over the reply at {began}: agent stops after {stops}{by_itself}"
