"""Sample sets and their readers. To add a format, write a reader in a new file and add a line to formats.py."""

from voicelab.datasets.loading import load as load
from voicelab.datasets.samples import AudioKind as AudioKind
from voicelab.datasets.samples import Sample as Sample
from voicelab.datasets.samples import SampleSet as SampleSet
from voicelab.datasets.samples import Scenario as Scenario

__all__ = ["AudioKind", "Sample", "SampleSet", "Scenario", "load"]
