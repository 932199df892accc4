"""Judges a JSON Feed by a schema that nobody here wrote, and by what the specification asks beside any schema."""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

SCHEMA = Path(__file__).parent / "data" / "json-feed" / "schema-v1.1.json"
ABSOLUTE = re.compile(r"https?://[^/\s]+/\S*")
CHECKER = FormatChecker(["date-time"])
CHECKER.checks("uri")(lambda text: not isinstance(text, str) or ABSOLUTE.fullmatch(text) is not None)
VALIDATOR = Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=CHECKER)


def faults_of(feed: Any) -> list[str]:  # Any: whatever JSON there is
    """Return what is wrong with a feed, by where it is wrong; nothing for a JSON Feed of version 1.1."""
    faults = sorted(f"{error.json_path}: {error.validator}" for error in VALIDATOR.iter_errors(feed))
    if faults:
        return faults
    ids = [item["id"] for item in feed["items"]]
    beside = {
        "$.version: the latest": feed["version"] == "https://jsonfeed.org/version/1.1",
        "$.items: ids are unique": len(set(ids)) == len(ids),
        "$.items: ids are not empty": all(ids),
    }
    return [rule for rule, is_kept in beside.items() if not is_kept]
