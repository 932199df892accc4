"""The OpenAPI document: valid, complete, and true."""

import json
from pathlib import Path
from typing import get_type_hints

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.routing import Route

from api.app import create_app, openapi_document
from domain.standing import Counts, Standing
from tests.api.fakes import SMALLEST, World

DOCUMENT = openapi_document()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]
SEED = Path(__file__).parent.parent / "data" / "seed.ndjson"


def is_valid(name, value):
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    return Draft202012Validator(schema).is_valid(value)


def test_the_document_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"] == "3.1.0"
    validate(DOCUMENT)


def test_the_document_is_the_same_every_time():
    assert json.dumps(openapi_document()) == json.dumps(DOCUMENT)


def test_the_service_answers_with_the_same_document(client):
    assert client.get("/openapi.json").json() == DOCUMENT


def test_every_route_is_in_the_document_but_the_pages():
    declared = {(method.upper(), path) for method, path, _ in OPERATIONS}
    served = {
        (method, route.path_format)
        for route in create_app(World().ports()).routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }
    pages = {"/", "/docs", "/openapi.json", "/problems/{code}", "/assets/{name}", "/claims/{claim_id}", "/sources"}
    embedded = {"/feed.json", "/claims/{claim_id}/badge.svg"}
    assert {path for _, path in served - declared} == pages | embedded
    assert declared < served


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_every_operation_says_what_it_takes_and_answers(method, path, operation):
    assert operation["description"]
    assert all(parameter["description"] for parameter in operation.get("parameters", ()))
    assert "application/problem+json" in operation["responses"]["default"]["content"]
    if path.startswith("/v1/"):
        assert operation["security"]
    if path.startswith("/v1/") and method == "get":
        assert {"ETag", "Onrecord-Position"} <= operation["responses"]["200"]["headers"].keys()
        assert "304" in operation["responses"]


def test_what_loopback_may_read_says_who_else_may():
    for path in ("/metrics", "/readyz"):
        assert DOCUMENT["paths"][path]["get"]["security"] == [{"key": []}, {}]
    assert "text/plain" in DOCUMENT["paths"]["/metrics"]["get"]["responses"]["200"]["content"]


def test_the_examples_are_valid_by_their_schemas():
    content = DOCUMENT["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]
    assert all(is_valid("PostedEvent", example["value"]) for example in content["examples"].values())
    receipt = DOCUMENT["paths"]["/v1/events"]["post"]["responses"]["201"]["content"]["application/json"]["example"]
    assert is_valid("Receipt", receipt)
    problem = DOCUMENT["paths"]["/v1/summary"]["get"]["responses"]["default"]["content"]["application/problem+json"]
    assert is_valid("Problem", problem["example"])


def test_what_only_the_ledger_sets_is_not_in_a_posted_event():
    assert is_valid("PostedEvent", SMALLEST)
    assert not is_valid("PostedEvent", {**SMALLEST, "salt": "x" * 22})
    assert not is_valid("PostedEvent", {**SMALLEST, "colour": "red"})


@pytest.mark.parametrize("line", SEED.read_text().splitlines())
def test_the_example_story_is_valid_by_the_schema(line):
    assert is_valid("PostedEvent", json.loads(line))


def test_the_standing_is_that_of_the_domain():
    assert SCHEMAS["Standing"]["properties"].keys() == get_type_hints(Standing).keys()
    assert SCHEMAS["Counts"]["required"] == list(get_type_hints(Counts))
    assert "band" not in SCHEMAS["LastLikelihood"]["required"]


def test_receipts_are_valid_by_the_schema(client):
    assert is_valid("Receipt", client.post(json=SMALLEST).json())
    assert is_valid("Receipts", client.post(json=[SMALLEST]).json())
    lines = client.post_lines(b"{\n" + json.dumps(SMALLEST).encode()).text.splitlines()
    assert all(is_valid("ImportLine", json.loads(line)) for line in lines)
    assert is_valid("Problem", client.post(json={}).json())
