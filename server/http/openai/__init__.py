"""OpenAI's audio interface, answered with this server's own engines."""
