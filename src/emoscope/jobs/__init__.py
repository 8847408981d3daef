"""A file annotated, resumable: its source, options, journal, cache, workers and outputs."""
