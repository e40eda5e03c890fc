"""A run: its specification, its records on disk, and what executes it."""
