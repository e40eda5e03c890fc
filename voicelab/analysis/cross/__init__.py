"""Interactions of voices and recognizers: which recognizer gains from which voice."""
