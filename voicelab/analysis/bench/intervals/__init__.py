"""How often the intervals hold a known truth, and how often a difference is found that is not there, by simulation."""
