"""Experiments: a log of runs, and what is read from it: comparisons, plots, reports."""
