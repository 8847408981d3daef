"""Configurations compared by tests that know the seeds and the texts."""
