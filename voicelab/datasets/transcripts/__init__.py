"""Transcripts as the field writes them. Add a format: a file that reads and writes it, and a line in formats.py."""
