"""The server: the pipeline of voicelab, live, over a WebSocket. docs/reference/protocol.md is what it speaks."""
