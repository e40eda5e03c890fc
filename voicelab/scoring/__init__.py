"""Compute figures with intervals from turns, by group, and attribute errors to stages."""
