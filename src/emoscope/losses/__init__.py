"""Losses: pure functions, and the objective that composes them."""
