"""A known-answer agent for every protocol, and the table that compares its settings with the measurements."""
