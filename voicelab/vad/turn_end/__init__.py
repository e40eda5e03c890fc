"""End-of-turn detection: decide in a pause whether the user has finished. One file per method."""
