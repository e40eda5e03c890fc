"""Voice activity detection, endpointing and barge-in."""
