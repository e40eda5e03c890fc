"""The web page at /app: its files and its API."""
