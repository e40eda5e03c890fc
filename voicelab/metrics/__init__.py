"""Metrics as plain functions of texts and times, without engines and files. One file per metric."""
