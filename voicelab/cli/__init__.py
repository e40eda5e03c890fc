"""The commands of the terminal that have a file of their own. Add one: a file, and its line in cli.py."""
