"""Acoustic conditions that degrade recordings. To add one: a file, a field of Condition, a step of the chain.

They depend on audio only, not on engines, sample sets or runs.
"""
