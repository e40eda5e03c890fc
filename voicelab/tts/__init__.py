"""Voices (text to speech). To add one: a file with a class, and a line in catalog.py."""
