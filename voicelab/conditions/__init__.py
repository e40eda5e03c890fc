"""Acoustic conditions that degrade recordings. To add one: a file, a field of Condition, a step of the chain.

They depend on audio, not on sample sets or runs. outside.py takes conditions from other packages.
"""
