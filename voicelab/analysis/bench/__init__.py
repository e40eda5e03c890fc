"""Benchmarks on the user's machine. To add one, write a file here and a command in `voicelab/cli/bench.py`."""
