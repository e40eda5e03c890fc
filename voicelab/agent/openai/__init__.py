"""An agent that is a language model behind an OpenAI-compatible server, with tools."""
