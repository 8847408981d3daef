"""Models that the contracts are about."""

from tests.models.combiner.conftest import few, small, texts, trained

__all__ = ["few", "small", "texts", "trained"]
