"""The command line: one file a command, each importing what it needs when it runs."""

from emoscope.cli.app import app, main

__all__ = ["app", "main"]
