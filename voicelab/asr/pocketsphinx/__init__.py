"""PocketSphinx, called by its C functions."""
