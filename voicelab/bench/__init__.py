"""Benches: how fast the parts are on this machine. Add one: a file, and its command in commands/bench.py."""
