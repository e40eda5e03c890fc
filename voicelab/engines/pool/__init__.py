"""Workers beside the event loop, each with one engine: what they share, and a file for each kind."""
