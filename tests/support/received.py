"""Audio as returned by the decoder."""

import pytest

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.incoming import IncomingAudio


def received(chunks: list[bytes], form="opus", sample_rate_hz=SPEECH_RATE_HZ, longest_s=10.0) -> Clip:
    audio = IncomingAudio(longest_s=longest_s)
    fed = [audio.feed(chunk, form, sample_rate_hz) for chunk in chunks] + [audio.finish()]
    clips = [clip for clip in fed if clip is not None]
    joined = Clip.join(clips) if clips else Clip.silence(0)
    assert joined.rate_hz == SPEECH_RATE_HZ
    assert audio.duration_s == pytest.approx(joined.duration_s)
    return joined
