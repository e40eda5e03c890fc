"""The tools of the finance domain. Add one: a file with a class, a line in toolbox.py."""
