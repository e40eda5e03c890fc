"""Generated pairs of one entity as it is written and as it is spoken, and how many of them the matcher gets right."""
