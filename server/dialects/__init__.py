"""Other protocols for the same conversation: each dialect translates frames into client events and back.

A dialect holds no conversation. Limits, tokens, origins and the history are those of the session behind it.
"""
