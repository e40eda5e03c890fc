"""Find labels that do not match their recordings, most suspect first (docs/how-to/audit.md).

forced.py aligns a text with a recording, pronounce.py says how words sound that no dictionary has, acoustic.py and
agreement.py make scores, audit.py ranks, cards.py shows; corrections.py reads decisions, versions.py writes the next
version of a set, effect.py tells what it changes; trial.py tries it all on labels that are known to be wrong.
"""
