"""Who speaks when: speech detectors, and where an utterance begins and ends."""
