"""Whether references say what recordings say: suspects ranked by how much speaks against their label (docs/audit.md).

forced.py aligns a text with a recording, pronounce.py says how words sound that no dictionary has, acoustic.py and
agreement.py make scores, audit.py ranks, corrections.py makes the next version of a set, effect.py what it changes.
"""
