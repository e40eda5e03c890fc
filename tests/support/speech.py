"""The shipped set and one utterance of it."""

from pathlib import Path

from voicelab import datasets

SET = datasets.load(Path(__file__).parents[2] / "data" / "voice_samples")


SPEECH = SET.sample("news_nvda_latest")
