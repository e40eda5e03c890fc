"""Measure the cost of speech detection: processor time per second of audio and stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.vad.base import Detector
from voicelab.vad.endpoint import Endpointer, feed_many


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time per second of one stream's audio in ms, including endpointing; the best round.

    single_ms: one call per stream. batched_ms: one call for all streams.
    """

    streams: int
    single_ms: float
    batched_ms: float


def cost(detector: Detector, clip: Clip, *, streams: int, piece_s: float, rounds: int) -> Cost:
    """Feed the same clip at SPEECH_RATE_HZ to many streams in a client's pieces."""
    step = round(piece_s * SPEECH_RATE_HZ)
    pieces = [Clip(clip.samples[at : at + step], SPEECH_RATE_HZ) for at in range(0, len(clip.samples) - step + 1, step)]
    sound_s = streams * len(pieces) * piece_s
    single_s = min(_one_by_one(detector, pieces, streams) for _ in range(rounds))
    batched_s = min(_together(detector, pieces, streams) for _ in range(rounds))
    return Cost(streams, 1000 * single_s / sound_s, 1000 * batched_s / sound_s)


def _one_by_one(detector: Detector, pieces: Sequence[Clip], streams: int) -> float:
    endpointers = [Endpointer(detector.stream()) for _ in range(streams)]
    start = process_time()
    for piece in pieces:
        for endpointer in endpointers:
            endpointer.feed(piece)
    return process_time() - start


def _together(detector: Detector, pieces: Sequence[Clip], streams: int) -> float:
    endpointers = [Endpointer(detector.stream()) for _ in range(streams)]
    start = process_time()
    for piece in pieces:
        feed_many(detector, endpointers, [piece] * streams)
    return process_time() - start
