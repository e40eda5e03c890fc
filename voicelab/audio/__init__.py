"""Decodes and encodes audio: containers, raw formats, limits, resampling and mixing."""
