"""Targets described by YAML files (maps): schema, conditions, templates, and the wire made from them."""
