"""Targets: the agents that can be measured. One file per protocol, with a line in `catalog.py`."""
