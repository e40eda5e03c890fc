"""The tools of the finance domain. To add one, write a class in a new file and add a line to toolbox.py."""
