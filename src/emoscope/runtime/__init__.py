"""Annotation: a loaded model, the engine that runs it, jobs over files."""
