"""A tally of each kind."""

import pytest

from tests.runtime.pictures.examples import CASES


@pytest.fixture(scope="module", params=CASES)
def tally(request):
    return CASES[request.param]()
