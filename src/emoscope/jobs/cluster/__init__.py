"""Many files annotated on a Ray cluster."""
