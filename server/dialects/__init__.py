"""Protocols of the server. Each dialect translates frames into client events, and server events into frames.

The session behind the dialect handles turns, limits, tokens, origins and the history.
"""
