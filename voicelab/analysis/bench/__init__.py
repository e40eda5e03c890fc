"""Benchmarks of the parts on this machine. Add one: a file here, and its command in `voicelab/cli/bench.py`."""
