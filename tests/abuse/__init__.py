"""Hostile clients, and what honest ones notice of them."""
