"""Find labels that do not match their recordings, most suspect first (docs/how-to/audit.md).

forced.py aligns a text with a recording, and pronounce.py finds pronunciations of words outside the dictionary.
acoustic.py and agreement.py compute scores, audit.py ranks samples, cards.py displays them. corrections.py reads
decisions, versions.py writes the next version of a set, effect.py shows how the figures change.
"""
