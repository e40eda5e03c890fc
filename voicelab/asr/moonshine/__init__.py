"""Moonshine, through the wheel moonshine-voice, which holds the model."""
