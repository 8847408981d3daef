"""A page about the runs of an experiment log."""
