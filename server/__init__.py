"""The server: the pipeline of voicelab, live, over a WebSocket. docs/protocol.md is what it speaks."""
