"""Encoded sound in: containers are recognized, decoded within limits, and mixed to one channel."""
