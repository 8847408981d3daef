"""A tally of each kind."""

import pytest

from tests.charts.examples import CASES


@pytest.fixture(scope="module", params=CASES)
def tally(request):
    return CASES[request.param]()
