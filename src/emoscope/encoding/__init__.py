"""From turns and a taxonomy to arrays: what every model reads, in numpy."""
