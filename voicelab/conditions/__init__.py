"""Conditions: what can happen to speech before it is heard. Add one: a file, a field of Condition, a step of the chain.

They know sound and nothing else: no engine, no sample set, no run.
"""
