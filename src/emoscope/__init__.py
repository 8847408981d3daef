"""Recognise emotion in text with any set of labels: train, evaluate, transfer, annotate, serve."""

from emoscope._version import __version__

__all__ = ["__version__"]
