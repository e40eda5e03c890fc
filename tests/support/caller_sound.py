"""The caller's audio in tests, and the response time measured on the audio of both directions."""

from __future__ import annotations

from tests.support.tones import tone
from voicelab.audio.clip import Clip
from voicelab.audio.codecs import encode_wav
from voicelab.targets.base import SoundPiece, TurnOutcome, Utterance


def utterance(duration_s: float = 0.6, trailing_s: float = 0.0, rate_hz: int = 16_000) -> Utterance:
    """A tone, and then silence."""
    sound = Clip.join([tone(duration_s, rate_hz), Clip.silence(trailing_s, rate_hz)])
    return Utterance(encode_wav(sound), "the test's recording")


def speech_end_s(pieces: list[SoundPiece]) -> float:
    """The time of the last loud sample."""
    loud = [piece for piece in pieces if piece.clip.level_dbfs > -40]
    return loud[-1].at_s + loud[-1].clip.duration_s


def response_s(outcome: TurnOutcome) -> float:
    """From the end of the caller's speech to the first sound of the reply."""
    first = next(piece for piece in outcome.received if piece.clip.sound_start_s() is not None)
    return first.at_s + (first.clip.sound_start_s() or 0.0) - speech_end_s(outcome.sent)


def sound_s(pieces: list[SoundPiece]) -> float:
    """Seconds of sound."""
    return sum(piece.clip.duration_s for piece in pieces)
