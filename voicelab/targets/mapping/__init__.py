"""Targets that a YAML file describes: its form, its guards and templates, and the wire they make."""
