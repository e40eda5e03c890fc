"""Serve the voicelab pipeline over a WebSocket. docs/reference/protocol.md describes the protocol."""
