"""The OpenAPI document: what the routes declare, completed by what all of them have in common."""

from typing import Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute

from api.posted import posted_schemas
from api.schemas import REF_TEMPLATE, ImportLine, Problem, Receipts

Schema = dict[str, Any]  # Any: OpenAPI, as JSON

API_VERSION = "1.0.0"
TITLE = "On Record"
DESCRIPTION = (
    "A claims ledger for newsrooms: who reported a claim, who denied it, how it was assessed, whether it was "
    "confirmed. Events are appended and never changed; where a claim stands is derived from them. Every answer carries "
    "X-Request-Id; every error is a problem (RFC 9457)."
)

_PROBLEM: Schema = {
    "description": "A problem; its `type` is the address of a page that explains it.",
    "content": {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
                "type": "/problems/malformed",
                "title": "Malformed event",
                "status": 422,
                "detail": "/data/speaker: Field required",
                "errors": [{"pointer": "/data/speaker", "rule": "missing", "detail": "Field required"}],
            },
        }
    },
}
# FastAPI's own forms of a problem, which nobody is answered with.
_OTHERS_PROBLEMS = {"HTTPValidationError", "ValidationError"}
_READ_PARAMETERS: list[Schema] = [
    {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "Answer 304 where the ETag is still this one.",
    }
]
_READ_HEADERS: Schema = {
    "ETag": {"schema": {"type": "string"}, "description": "A hash of the body."},
    "Onrecord-Position": {
        "schema": {"type": "integer"},
        "description": "How far the read models have come, as a position of the ledger.",
    },
}


def build_openapi(routes: list[BaseRoute]) -> Schema:
    """Return the OpenAPI 3.1 document of the routes."""
    document = get_openapi(
        title=TITLE,
        version=API_VERSION,
        description=DESCRIPTION,
        routes=routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "Made with `onrecord keys create`."}
    }
    schemas = {**components["schemas"], **_shared_schemas()}
    components["schemas"] = {name: schemas[name] for name in sorted(schemas.keys() - _OTHERS_PROBLEMS)}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(operation, method, is_versioned=path.startswith("/v1/"))
    return document


def _shared_schemas() -> Schema:
    _, shared = models_json_schema(
        [(Receipts, "serialization"), (ImportLine, "serialization"), (Problem, "serialization")],
        ref_template=REF_TEMPLATE,
    )
    return {**shared["$defs"], **posted_schemas()}


def _complete(operation: Schema, method: str, *, is_versioned: bool) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    responses["default"] = _PROBLEM
    if not is_versioned:
        return
    # Reading without a key may be allowed: the empty requirement says so.
    operation["security"] = [{"key": []}] if method == "post" else [{"key": []}, {}]
    if method == "get":
        operation.setdefault("parameters", []).extend(_READ_PARAMETERS)
        responses["200"]["headers"] = _READ_HEADERS
        responses["304"] = {"description": "The reader has it already.", "headers": _READ_HEADERS}
