"""Something to say to an agent, where any speech will do."""

from __future__ import annotations

from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.targets.base import Utterance


def sample_utterance() -> Utterance:
    """The smallest recording of the shipped set in which somebody speaks."""
    recordings = [(sample.audio_bytes(), str(sample.audio_path)) for sample in load(shipped("voice_samples")).spoken]
    return Utterance(*min(recordings, key=lambda one: len(one[0])))
