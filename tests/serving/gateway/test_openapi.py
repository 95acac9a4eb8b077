"""openapi.json is true: schemathesis finds no answer that it does not describe."""

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

EXAMPLES = 25
OPERATIONS = [
    ("GET", "/search"), ("POST", "/search"), ("POST", "/recommend"), ("GET", "/similar"),
    ("POST", "/similar"), ("POST", "/explain"), ("GET", "/product"), ("GET", "/shoppers"),
    ("POST", "/feedback"), ("GET", "/operator/data"), ("GET", "/healthz"), ("GET", "/readyz")]


@pytest.fixture(scope="session")
def api_schema(gateway):
    return schemathesis.openapi.from_url(f"{gateway}/openapi.json")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_described(api_schema, method, path, mode):
    operation = api_schema[path][method]
    if mode is GenerationMode.NEGATIVE and not (
            operation.body or any(True for _ in operation.iter_parameters())):
        pytest.skip("takes nothing that could be wrong")

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate()

    check()


def test_it_is_openapi_31_with_every_endpoint(gateway):
    document = httpx.get(f"{gateway}/openapi.json", timeout=30).json()
    assert document["openapi"] == "3.1.0"
    assert [(method.upper(), path) for path, item in document["paths"].items()
            for method in item] == OPERATIONS
