"""OpenAI-compatible audio API with this server's engines."""
