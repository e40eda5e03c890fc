"""Render a run as tables, plots and one page. This package renders and never computes figures.

It reads files, never a run in progress. pandas, matplotlib and jinja2 are imported on first use.
"""
