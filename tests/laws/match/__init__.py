"""Generate pairs of written and spoken entities, and measure how many the matcher gets right."""
