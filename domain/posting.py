"""From the bytes that a client posts to an event, or to every fault in them."""

import json
import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from domain.encoding import Json
from domain.errors import Fault, MalformedError, NotReadableError, pointer_below
from domain.events import EVENT, LEDGER_MEMBERS, Assertion, Event
from domain.values import Value

MAX_ARRAY = 1000

_ESCAPED_COLON = re.compile(rb"\\u003[aA]")
_ESCAPED_NUL = b"\\u0000"
_REPEATED = object()


def read_posted(body: bytes, claim_id: str | None = None) -> Event:
    """Return the one event of a posted body, its defaults filled in as far as the event alone tells them.

    `claim_id` is the one that the request's path names. Raises NotReadableError, MalformedError.
    """
    try:
        event = EVENT.validate_json(body)
        colons = _count_colons(event)
    except (ValidationError, _UncleanError):
        return _read_value(_parse(body), claim_id)
    if colons != body.count(b":") or _ESCAPED_COLON.search(body):
        _forbid_repeated_members(body)
    if _ESCAPED_NUL in body:
        return _read_value(_parse(body), claim_id)
    return _check_envelope(event, claim_id)


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
    nul = _find(value, _has_nul)
    if nul is not None:
        raise _malformed([Fault(pointer=nul, rule="nul", detail="text holds no NUL character")])
    try:
        event = EVENT.validate_json(json.dumps(drop_absent(value)))
    except ValidationError as error:
        raise _to_refusal(error, value) from error
    fraction = _find(value, lambda number: isinstance(number, float))  # in a patch: no model takes one
    if fraction is not None:
        raise _malformed([Fault(pointer=fraction, rule="int_type", detail="numbers are integers")])
    return _check_envelope(event, claim_id)


def _parse(body: bytes) -> Any:  # Any: JSON of whatever shape
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise NotReadableError(f"the body is not JSON: {error}") from error
    if not _is_all_of(json.dumps(value), body):
        _forbid_repeated_members(body)
    return value


class _UncleanError(Exception):
    """What was read may hold what means absent: it is parsed again, cleaned, and written again."""


def _count_colons(value: Value) -> int:
    """Return how many colons the JSON of a value had: each member brings one, beside those in its text.

    Raises _UncleanError. A patch holds any JSON, so it is unclean too, where NaN is not taken for JSON.
    """
    stated, members = value.model_fields_set, value.__dict__
    colons = len(stated)
    if not stated:
        raise _UncleanError
    for name in stated:
        member = members[name]
        if type(member) is str and member:
            colons += member.count(":")
        elif isinstance(member, Value):
            colons += _count_colons(member)
        elif type(member) is tuple and member:
            colons += sum(map(_count_in_item, member))
        elif type(member) is dict and member and name != "patch":
            colons += sum(map(_count_in_item, (*member, *member.values()))) + len(member)
        elif type(member) is not int and type(member) is not bool:
            raise _UncleanError
    return colons


def _count_in_item(item: str | Value) -> int:
    if isinstance(item, Value):
        return _count_colons(item)
    if not item:
        raise _UncleanError
    return item.count(":")


def _is_all_of(read: str, body: bytes) -> bool:
    """Tell whether what was read, written again, is sure to have every member of the body.

    Each member brings a colon, and parsers silently keep only the last of those with one name.
    """
    return read.count(":") == body.count(b":") and not _ESCAPED_COLON.search(body)


def _forbid_repeated_members(body: bytes) -> None:
    marked = json.loads(body, object_pairs_hook=_mark_repeated, parse_int=str)
    pointer = _find(marked, lambda value: value is _REPEATED)
    if pointer is not None:
        raise _malformed([Fault(pointer=pointer, rule="repeated_member", detail="an object has a member once")])


def _mark_repeated(members: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON of whatever shape
    marked: dict[str, Any] = {}
    for name, value in members:
        marked[name] = _REPEATED if name in marked else value
    return marked


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


def _to_refusal(error: ValidationError, posted: Json) -> MalformedError:
    return _malformed(faults_of(error, posted))


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
        pointer = pointer_below(pointer, step)
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


def _has_nul(text: object) -> bool:
    """Tell whether there is a NUL character: databases and terminals cut text there."""
    return isinstance(text, str) and "\0" in text


def _find(value: Any, is_wrong: Callable[[object], bool], pointer: str = "") -> str | None:  # Any: JSON
    """Return where the first wrong value stands, or the object with the first wrong name."""
    if is_wrong(value):
        return pointer
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found = pointer if is_wrong(name) else _find(member, is_wrong, pointer_below(pointer, name))
        if found is not None:
            return found
    return None
