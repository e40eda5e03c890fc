"""A sample utterance for cases in which any speech will do."""

from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.targets.base import Utterance


def sample_utterance() -> Utterance:
    """Return the smallest recording with speech in the shipped set."""
    recordings = [(sample.audio_bytes(), str(sample.audio_path)) for sample in load(shipped("voice_samples")).spoken]
    return Utterance(*min(recordings, key=lambda one: len(one[0])))
