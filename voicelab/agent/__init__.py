"""Agents: what was said to what is answered. Add one: a file with a class, a line in catalog.py."""
