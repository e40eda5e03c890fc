"""PocketSphinx, called through its C functions."""
