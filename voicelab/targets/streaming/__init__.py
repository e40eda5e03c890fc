"""Conversations over a stream of messages: what every socket protocol shares."""
