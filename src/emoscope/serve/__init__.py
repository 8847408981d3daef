"""An HTTP service, and its page, on any model folder."""
