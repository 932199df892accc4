"""Canonical JSON (RFC 8785).

Stored bytes are written once and hashed as they are, so there is one way to write a value.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
M = TypeVar("M", bound=Mapping[str, Any])

quote: Any = json.encoder.encode_basestring  # json.dumps(text) in C

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_dump_sorted = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True).encode

# From here on the order of UTF-16 units, which RFC 8785 asks for, is not the order of code points.
_BEYOND_SURROGATES = re.compile("[\ue000-\U0010ffff]")


def canonical_json(value: Json) -> bytes:
    """Return the RFC 8785 bytes of a value without floats."""
    text = _dump_sorted(value)
    if _BEYOND_SURROGATES.search(text):
        text = _dump(sort_members(value))
    return text.encode()


def sort_members(value: Any) -> Any:  # Any: JSON in, the same shape of JSON out
    """Return the value with the members of every object in the order of RFC 8785."""
    if isinstance(value, Mapping):
        return {name: sort_members(value[name]) for name in sorted(value, key=_utf16)}
    if isinstance(value, (list, tuple)):
        return [sort_members(item) for item in value]
    return value


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")
