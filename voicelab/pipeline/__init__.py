"""One spoken turn: speech in, the agent's answer, speech out, with the time of each stage."""
