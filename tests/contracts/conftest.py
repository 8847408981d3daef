"""Models that the contracts are about."""

from tests.models.combiner.conftest import small, texts, trained

__all__ = ["small", "texts", "trained"]
