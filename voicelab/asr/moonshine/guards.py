"""Detects hallucinated texts: implausibly high word rates, loops, and texts of tones and of many voices at once."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

_MOST_WORDS_PER_S = 7.0
"""Fast speakers reach 5 words per second; a higher rate than this is implausible."""
_FREE_WORDS = 2
_MOST_REPEATS = {1: 6, 2: 4}
"""Maximum consecutive repetitions by phrase length in words ("no no no no" is plausible); others: the two below."""
_PHRASE_REPEATS = 3
_LONG_PHRASE, _LONG_PHRASE_REPEATS = 8, 2
_FRAME = 512
_QUIETEST = 0.01
"""Frames with less than this share of the loudest frame's energy are ignored."""
_PEAK_BINS = 3
_MOST_IN_PEAK = 0.98
"""Share of a frame's energy in one peak. The median over frames is lower in the shipped set, and above in tones."""
_LEVEL_FRAME = 320
_EVEN_DB = 10.0
"""Range of the level in a segment: 6 to 9 dB in babble of six or eight voices, at least 12 dB in the shipped set."""
_REPETITIVE = 1.6
"""Compression ratio of a text: 1.6 to 3 in most texts of babble, at most 1.5 in those of the shipped set."""
_NO_SPEECH_MARKS = re.compile(r"[♪♫]+[?!.]*|\[[^\]]*\]|\([^)]*\)")


def cleaned(text: str) -> str:
    """Remove marks of music and sounds, and collapse spaces; "" if no letter or digit remains."""
    text = " ".join(_NO_SPEECH_MARKS.sub(" ", text).split())
    return text if any(character.isalnum() for character in text) else ""


def is_too_fast(text: str, speech_s: float) -> bool:
    """Whether the text has more words than can be said in that many seconds."""
    return len(text.split()) > _FREE_WORDS + _MOST_WORDS_PER_S * speech_s


def is_loop(text: str) -> bool:
    """Whether a phrase is repeated implausibly often, ignoring case and punctuation."""
    words = [word for word in re.sub(r"[^\w' ]+", " ", text.lower()).split() if word]
    return any(_repeats(words, size) for size in range(1, len(words) // 2 + 1))


def is_tone(piece: NDArray[np.float32]) -> bool:
    """Whether the sound is a single tone, such as a whistle or a sweep, which the speech detector may take for speech.

    piece: samples at 16 kHz, shape (n,).
    """
    count = len(piece) // _FRAME
    if count == 0:
        return False
    frames = piece[: count * _FRAME].reshape(count, _FRAME) * np.hanning(_FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    energy = power.sum(axis=1)
    loud = energy > _QUIETEST * energy.max()
    if not loud.any():
        return False
    power, energy = power[loud], energy[loud]
    near = np.abs(np.arange(power.shape[1]) - power.argmax(axis=1)[:, None]) <= _PEAK_BINS
    return bool(np.median((power * near).sum(axis=1) / energy) > _MOST_IN_PEAK)


def is_babble(text: str, piece: NDArray[np.float32]) -> bool:
    """Whether a text repeats itself, and the sound has an even level, as that of many voices at once.

    Neither is sufficient: people repeat themselves, and loud noise evens the level.
    piece: samples at 16 kHz, shape (n,).
    """
    data = text.encode()
    return len(data) > _REPETITIVE * len(zlib.compress(data)) and _level_range_db(piece) < _EVEN_DB


def _level_range_db(piece: NDArray[np.float32]) -> float:
    """Return the range of the level of 20 ms frames, without the loudest 5 % and the quietest 10 %."""
    frames = piece[: len(piece) // _LEVEL_FRAME * _LEVEL_FRAME].reshape(-1, _LEVEL_FRAME)
    if not len(frames):
        return 0.0
    levels = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)
    quietest, loudest = np.percentile(levels, [10, 95])
    return float(loudest - quietest)


def _repeats(words: list[str], size: int) -> bool:
    most = _LONG_PHRASE_REPEATS if size >= _LONG_PHRASE else _MOST_REPEATS.get(size, _PHRASE_REPEATS)
    same = 0
    for place in range(size, len(words)):
        same = same + 1 if words[place] == words[place - size] else 0
        if same >= size * most:
            return True
    return False
