"""Sweeps: one set under one condition after another, and where the pipeline breaks."""
