"""Corpora: one module a corpus or file format, each loading to the same columns."""
