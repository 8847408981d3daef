"""The OpenAPI document against the service: whatever it allows or forbids, nothing fails."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings

schemathesis = pytest.importorskip("schemathesis")

from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.generation import GenerationMode  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from emoscope.serve.app import AppOptions  # noqa: E402
from emoscope.serve.limits import Limits  # noqa: E402
from tests.serve.running import listening  # noqa: E402

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15


@pytest.fixture(scope="module")
def document():
    with listening(options=AppOptions(limits=Limits(evaluations=256))) as server:
        yield schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.mark.parametrize("mode", GenerationMode)
def test_the_document_is_kept(document, mode):
    """Bodies that it allows, and bodies that it does not; schemathesis finds no server error."""
    asked = []
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.method != "post" and mode == GenerationMode.NEGATIVE:
            continue

        @settings(
            max_examples=EXAMPLES if operation.method == "post" else 1,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def check(case):
            asked.append(case.call_and_validate(checks=CHECKS).status_code)

        check()
    assert len(asked) >= 3 * EXAMPLES * 0.8
    assert set(asked) <= {200, 400, 413, 415, 422}
