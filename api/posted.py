"""What clients post, for OpenAPI: the one model of events without what only the ledger sets."""

from typing import Any

from api.schemas import REF_TEMPLATE
from domain.events import EVENT, LEDGER_MEMBERS

Schema = dict[str, Any]  # Any: JSON Schema, as JSON

EXAMPLES: Schema = {
    "smallest": {
        "summary": "The smallest report, which begins a claim",
        "value": {
            "type": "ClaimReported",
            "data": {"claim": {"text": "Six officers were killed."}, "speaker": {"name": "Kyiv Post"}},
        },
    },
    "denial": {
        "summary": "A denial, safe to repeat by its event id",
        "value": {
            "event_id": "0192f0c1-2f6a-7c3e-9a51-8d1f6b0e4a77",
            "type": "ClaimDenied",
            "claim_id": "officers-killed",
            "occurred_at": "2024-10-05",
            "data": {"speaker": {"kind": "government", "name": "Ministry of Defence"}},
        },
    },
}
_RECEIPT = {
    "event_id": "0192f0c1-2f6a-7c3e-9a51-8d1f6b0e4a77",
    "claim_id": "officers-killed",
    "claim_version": 2,
    "position": 481,
    "recorded_at": "2024-10-05T12:00:00.000000Z",
    "event_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "duplicate": False,
}
_EVENT: Schema = {"$ref": "#/components/schemas/PostedEvent"}
_ANSWERS: Schema = {"oneOf": [{"$ref": "#/components/schemas/Receipt"}, {"$ref": "#/components/schemas/Receipts"}]}
_ANSWER: Schema = {"application/json": {"schema": _ANSWERS, "example": _RECEIPT}}


def _precondition(name: str, example: str, description: str) -> Schema:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "example": example,
        "description": description,
    }


POSTED: Schema = {
    "parameters": [
        _precondition("If-Match", '"3"', "Record the event only if the claim is at this version; one event only."),
        _precondition("If-None-Match", "*", "Record the event only if there is no such claim; one event only."),
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_EVENT, {"type": "array", "items": _EVENT, "minItems": 1, "maxItems": 1000}]},
                "examples": EXAMPLES,
            },
            "application/x-ndjson": {"schema": {"type": "string", "description": "An event a line, 32 KiB at most."}},
        },
    },
}
APPENDED: dict[int | str, Schema] = {
    200: {
        "description": "Known already; or the answers to NDJSON, a line each, in order, as they commit.",
        "content": {
            **_ANSWER,
            "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/ImportLine"}},
        },
    },
    201: {
        "description": "Recorded: durable, for good.",
        "content": _ANSWER,
        "headers": {"Location": {"schema": {"type": "string"}, "description": "The event, where it is one."}},
    },
}


def posted_schemas() -> Schema:
    """Return the schemas of posted events by name; `PostedEvent` is any of them."""
    union = EVENT.json_schema(ref_template=REF_TEMPLATE)
    schemas: Schema = union.pop("$defs")
    for reference in union["oneOf"]:
        properties = schemas[reference["$ref"].rsplit("/", 1)[1]]["properties"]
        for name in LEDGER_MEMBERS:
            del properties[name]
    return {**schemas, "PostedEvent": union}
