"""Sample sets and the files they are read from. To add a format: a file with a reader, and a line in formats.py."""

from voicelab.datasets.loading import load as load
from voicelab.datasets.samples import AudioKind as AudioKind
from voicelab.datasets.samples import Sample as Sample
from voicelab.datasets.samples import SampleSet as SampleSet
from voicelab.datasets.samples import Scenario as Scenario

__all__ = ["AudioKind", "Sample", "SampleSet", "Scenario", "load"]
