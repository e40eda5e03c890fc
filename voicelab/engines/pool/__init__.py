"""Workers that run engines outside the event loop."""
