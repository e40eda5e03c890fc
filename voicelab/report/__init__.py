"""What a run's folder becomes: a summary, tables, plots, and one page. It reads files, never a live run.

schema.py says what a summary holds, scoring.py scores single turns, summary.py adds them up; tables.py, plots.py and
page.py show it. pandas, matplotlib and jinja2 are loaded when first used.
"""
