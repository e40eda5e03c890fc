"""Agents: from the user's words to a reply. To add one, write a class in a new file and add a line to catalog.py."""
