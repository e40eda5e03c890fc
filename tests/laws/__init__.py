"""Simulations and generated cases that check the matcher, the intervals, the audit and the weights of `prosody`."""
