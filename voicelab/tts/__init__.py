"""Voices: text to sound. Add one: a file with a class, a line in catalog.py."""
