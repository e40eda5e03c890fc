"""Render a run as tables, plots and an HTML report. This package computes no figures.

It reads the files of a run. pandas, matplotlib and jinja2 are imported on first use.
"""
