"""Voices crossed with recognizers: which recognizer gains from which voice, beyond what each does alone."""
