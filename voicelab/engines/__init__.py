"""What an engine is, how it is named and found, where it runs (pool/) and its weights (weights/)."""
