"""Sweeps: measure a set under a series of conditions and find where the pipeline breaks."""
