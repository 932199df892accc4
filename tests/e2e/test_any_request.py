"""Requests that Schemathesis makes up from the OpenAPI document, right ones and wrong ones, to the running service.

Every answer is one that the document has, and none is a failure of ours. What a schema can not say (a claim that has to
exist, a cut that has passed) may be refused.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import ChecksConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.config import PositiveDataAcceptanceConfig as Accepted

from api.app import openapi_document
from domain.values import MAX_INTEGER
from tests.e2e.service_process import ServiceProcess

load_all_checks()

AnyCase = Case[Any]  # Any: whatever a body holds
EVERY_CHECK: Any = CHECKS.get_all()  # Any: it is more than validate_response says that it takes
NOT_OF_BODIES: Any = [check for check in EVERY_CHECK if check.__name__ != "negative_data_rejection"]

_BEYOND_SCHEMAS = Accepted(expected_statuses=["2xx", "304", "403", "404", "409", "410", "412", "413", "422"])
_CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(default=ProjectConfig(checks=ChecksConfig(positive_data_acceptance=_BEYOND_SCHEMAS)))
)
DOCUMENT = openapi_document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=_CONFIG)
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]

LONGEST_ADDRESS = 50_000


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Return the address of a service with the example story, and an admin's key."""
    with ServiceProcess(tmp_path_factory.mktemp("any") / "data") as service:
        key = service.create_key("root", "admin")
        story = service.command("demo", "--url", service.url, "--key", key)
        assert story.returncode == 0, story.stderr
        yield service.url, key


def cases(operation: str) -> st.SearchStrategy[AnyCase]:
    method, path = operation.split()
    made = SCHEMA[path][method]
    return st.one_of([made.as_strategy(generation_mode=mode) for mode in GenerationMode])


@pytest.mark.parametrize("examples", [15, pytest.param(200, marks=pytest.mark.soak)])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_request_is_answered_as_the_document_says(told: tuple[str, str], operation: str, examples: int):
    url, key = told

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(cases(operation))
    def check(case: AnyCase) -> None:
        # What is too long no document speaks of.
        assume(len(quote(f"{case.query}")) < LONGEST_ADDRESS)
        do_not_wait_for_what_never_comes(case)
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(base_url=url, headers=headers)
        # What is nothing, or nothing but nothing, is not sent in an address, and so not refused.
        assume(all(f"{quote_plus(name)}=" in (answer.request.url or "") for name in case.query or {}))
        checks = NOT_OF_BODIES if holds_nothing(case.body) else EVERY_CHECK
        case.validate_response(answer, checks, headers=headers, transport_kwargs={"base_url": url})

    check()


def holds_nothing(value: Any) -> bool:
    """Tell whether some member is "", [] or {}: it is as good as not there, also where its schema wants a number."""
    if isinstance(value, dict | list):
        return not value or any(map(holds_nothing, value.values() if isinstance(value, dict) else value))
    return bool(value == "")


def do_not_wait_for_what_never_comes(case: AnyCase) -> None:
    """A position that the ledger has not come to is waited for, and answered with 503."""
    wanted = str((case.query or {}).get("min_position"))
    if wanted.isascii() and wanted.isdigit() and int(wanted) <= MAX_INTEGER:
        case.query["min_position"] = "0"
