"""The Python API: evaluate, resume, load_run, load_runs, find_runs, compare, and the Run that they return."""
