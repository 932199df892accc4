"""From the bytes that a client posts to an event, or to every fault in them."""

import json
import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from domain.encoding import Json
from domain.errors import Fault, MalformedError, NotReadableError
from domain.events import EVENT, LEDGER_MEMBERS, Assertion, Event

MAX_ARRAY = 1000

# What this finds, or takes for it inside a string, is read the slower way: parsed, cleaned, written again.
# A patch holds any JSON, so it goes there too, where NaN is not taken for JSON.
_UNCLEAN = re.compile(rb'null|""|\[\s*\]|\{\s*\}|\\u0000|"patch"')


def read_posted(body: bytes, claim_id: str | None = None) -> Event:
    """Return the one event of a posted body, its defaults filled in as far as the event alone tells them.

    `claim_id` is the one that the request's path names. Raises NotReadableError, MalformedError.
    """
    if _UNCLEAN.search(body):
        return _read_value(_parse(body), claim_id)
    try:
        return _check_envelope(EVENT.validate_json(body), claim_id)
    except ValidationError as error:
        raise _to_refusal(error, None) from error


def read_posted_array(body: bytes, claim_id: str | None = None) -> tuple[Event, ...]:
    """Return the events of a posted array; the pointers of its faults start with the index.

    Raises NotReadableError, MalformedError with the faults of every item.
    """
    items = _parse(body)
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ARRAY:
        raise _malformed([Fault(pointer="", rule="array_length", detail=f"post 1 to {MAX_ARRAY} events at once")])
    events, faults = [], []
    for index, item in enumerate(items):
        try:
            events.append(_read_value(item, claim_id))
        except MalformedError as error:
            faults += [_moved(fault, f"/{index}") for fault in error.faults]
    if faults:
        raise _malformed(faults)
    return tuple(events)


def drop_absent(event: Json) -> Json:
    """Return the event without null, "", [] and {}, which mean absent.

    They stay where they say something: inside a patch, and as the embargo of a reclassification.
    """
    if not isinstance(event, dict):
        return event
    data = event.get("data")
    kept: dict[str, Json] = {}
    if isinstance(data, dict) and isinstance(data.get("patch"), dict):
        kept["patch"] = data["patch"]
    if isinstance(data, dict) and event.get("type") == "EventReclassified" and data.get("embargo_until", "") is None:
        kept["embargo_until"] = None
    present = _present(event)
    if kept and isinstance(present, dict):
        inner = present.get("data")
        present["data"] = {**(inner if isinstance(inner, dict) else {}), **kept}
    return present


def faults_of(error: ValidationError, posted: Json) -> list[Fault]:
    """Return what pydantic found wrong, with pointers into what was `posted` (None: as validated)."""
    return [_to_fault(detail, posted) for detail in error.errors(include_url=False, include_input=False)]


def _read_value(value: Json, claim_id: str | None) -> Event:
    nul = _find_nul(value, "")
    if nul is not None:
        raise _malformed([Fault(pointer=nul, rule="nul", detail="text holds no NUL character")])
    try:
        return _check_envelope(EVENT.validate_json(json.dumps(drop_absent(value))), claim_id)
    except ValidationError as error:
        raise _to_refusal(error, value) from error


def _parse(body: bytes) -> Any:  # Any: JSON of whatever shape
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise NotReadableError(f"the body is not JSON: {error}") from error


def _check_envelope(event: Event, claim_id: str | None) -> Event:
    faults = [
        Fault(pointer=f"/{name}", rule="set_by_ledger", detail="only the ledger sets this")
        for name in sorted(event.model_fields_set & LEDGER_MEMBERS)
    ]
    if claim_id is not None and event.claim_id not in (None, claim_id):
        faults.append(Fault(pointer="/claim_id", rule="claim_id_differs", detail="the address names another claim"))
    if claim_id is None and event.claim_id is None and not isinstance(event, Assertion):
        faults.append(Fault(pointer="/claim_id", rule="missing", detail="only an assertion may begin a claim"))
    if faults:
        raise _malformed(faults)
    return event if claim_id is None or event.claim_id else event.model_copy(update={"claim_id": claim_id})


def _to_refusal(error: ValidationError, posted: Json) -> MalformedError | NotReadableError:
    faults = faults_of(error, posted)
    if faults[0].rule == "json_invalid":
        return NotReadableError(f"the body is not JSON: {faults[0].detail}")
    return _malformed(faults)


def _malformed(faults: list[Fault]) -> MalformedError:
    first = faults[0]
    return MalformedError(f"{first.pointer or 'the body'}: {first.detail}", tuple(faults))


def _to_fault(error: ErrorDetails, posted: Json) -> Fault:
    # The first part of a place is the event's type, by which pydantic chose the model.
    pointer = _pointer(error["loc"][1:], posted)
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        pointer = "/type"
    return Fault(pointer=pointer, rule=error["type"], detail=error["msg"])


def _pointer(path: tuple[int | str, ...], posted: Json) -> str:
    pointer, here = "", posted
    for part in path:
        step = part
        if isinstance(part, int) and isinstance(here, list):
            step = [place for place, item in enumerate(here) if not _is_absent(_present(item))][part]
        here = _member(here, step)
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return pointer


def _member(value: Json, step: int | str) -> Json:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) else None


def _moved(fault: Fault, prefix: str) -> Fault:
    return Fault(pointer=prefix + fault.pointer, rule=fault.rule, detail=fault.detail)


def _present(value: Json) -> Json:
    if isinstance(value, dict):
        members = {name: _present(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if not _is_absent(member)}
    if isinstance(value, list):
        return [item for item in map(_present, value) if not _is_absent(item)]
    return value


def _is_absent(value: Json) -> bool:
    return value is None or value in ("", [], {})


def _find_nul(value: Json, pointer: str) -> str | None:
    """Return where the first NUL character stands: databases and terminals cut text there."""
    if isinstance(value, str):
        return pointer if "\0" in value else None
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found = pointer if "\0" in str(name) else _find_nul(member, f"{pointer}/{name}")
        if found is not None:
            return found
    return None
