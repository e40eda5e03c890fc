"""Something to say to an agent, where any speech will do."""

from __future__ import annotations

from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.targets.base import Utterance


def sample_utterance() -> Utterance:
    """The shortest recording of the shipped set, by its file."""
    recordings = [(sample.audio_bytes(), str(sample.audio_path)) for sample in load(shipped("voice_samples")).samples]
    return Utterance(*min(recordings, key=lambda one: len(one[0])))
