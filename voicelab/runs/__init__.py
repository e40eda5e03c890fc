"""Runs: specification, records on disk, and execution."""
