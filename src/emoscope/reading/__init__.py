"""Bytes of a file to rows, and rows to conversations."""
