"""Engine specifications, the worker pool (pool/) and model weights (weights/)."""
