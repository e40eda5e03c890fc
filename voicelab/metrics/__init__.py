"""Metrics: plain functions of texts and instants. Add one: a file. They know no engine and read no file."""
