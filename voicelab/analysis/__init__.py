"""Analyses of finished runs: comparison, gates, power, sweeps, audits, round trips; the Python API; benchmarks."""
