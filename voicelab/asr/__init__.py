"""Recognizers: sound to text. Add one: a file with a class, a line in catalog.py."""
