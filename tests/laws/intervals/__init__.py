"""Simulate the coverage of the intervals and the false alarms of the tests."""
