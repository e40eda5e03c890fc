"""Deciding in a pause whether somebody has finished: one decision, one file for each way to take it."""
