"""Turns become figures with intervals, by group, and errors are attributed to stages."""
