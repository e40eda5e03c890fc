"""Weights of models: which there are, where they lie, and how they are fetched; never without being asked."""
