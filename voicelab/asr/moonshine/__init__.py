"""Moonshine, with the model from the wheel moonshine-voice."""
