"""Demux: a transformer that reads the words of the labels beside the text."""
