"""One service for all tests that only ask it."""

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from tests.serve.running import running


@pytest.fixture(scope="session")
def service():
    """A service with independent labels that is always the same."""
    with running() as started:
        yield started
