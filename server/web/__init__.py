"""The page at /app: its files, and what it asks the server for."""
