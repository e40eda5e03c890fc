"""Simulations and generated cases that check the matcher, the intervals and the weights of `prosody`."""
