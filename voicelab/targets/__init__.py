"""What can be measured: one file per protocol, one line each in `catalog.py`."""
