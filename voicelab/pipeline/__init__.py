"""One spoken turn: recognition, the agent's answer and synthesis, with timing per stage."""
