"""The tools of the finance domain. To add one, write a class and add a line to toolbox.py."""
