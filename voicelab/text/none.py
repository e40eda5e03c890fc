"""The normalizer `none`: returns the text unchanged. Any language."""

from voicelab.text.normalizer import Normalizer

NONE = Normalizer("none", "1", str)
