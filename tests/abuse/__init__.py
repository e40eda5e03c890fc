"""Hostile clients, and their effect on well-behaved ones."""
