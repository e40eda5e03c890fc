"""Recognizers (speech to text). To add one: a file with a class, and a line in catalog.py."""
