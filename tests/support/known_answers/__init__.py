"""A known-answer agent for every protocol, and the table that compares what it was set to do with what was measured."""
