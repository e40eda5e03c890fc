"""Transcript formats. To add one, write a file that reads and writes it, and add a line to formats.py."""
