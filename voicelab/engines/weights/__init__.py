"""Model weights: the table, the caches and explicit downloads."""
