"""An agent that uses a language model with tools on an OpenAI-compatible server."""
