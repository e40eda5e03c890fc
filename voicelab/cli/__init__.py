"""The commands of `voicelab`, one file each. To add one, write a file and add a line to main.py."""
