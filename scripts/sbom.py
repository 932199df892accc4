"""Writes what is shipped, with versions and digests, as a CycloneDX bill of materials, from the lock."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PACKAGE = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)
_SHIPPED = "onrecord (pyproject.toml)"


def bill_of(lock: str, version: str) -> dict[str, Any]:  # Any: CycloneDX, as JSON
    """Return the bill of the packages that the service needs: those that only tests need are not shipped."""
    found = {name: (release, rest) for name, release, rest in _packages(lock)}
    wanted_by = {name: set(_wanted_by(rest)) for name, (_, rest) in found.items()}
    shipped = {name for name, wanting in wanted_by.items() if _SHIPPED in wanting}
    while more := {name for name, wanting in wanted_by.items() if wanting & shipped} - shipped:
        shipped |= more
    references = {name: f"pkg:pypi/{name}@{found[name][0]}" for name in sorted(shipped)}
    service = {"type": "application", "name": "onrecord", "version": version, "bom-ref": "onrecord"}
    edges = {references[name]: _needs(name, wanted_by, references) for name in references}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": service},
        "components": [_component(name, *found[name], references[name]) for name in references],
        "dependencies": [
            {"ref": "onrecord", "dependsOn": _needs(_SHIPPED, wanted_by, references)},
            *({"ref": name, "dependsOn": needs} for name, needs in edges.items()),
        ],
    }


def _packages(lock: str) -> Iterator[tuple[str, str, str]]:
    starts = [*_PACKAGE.finditer(lock)]
    for start, end in zip(starts, [*(each.start() for each in starts[1:]), len(lock)], strict=True):
        yield start[1], start[2], lock[start.end() : end]


def _wanted_by(rest: str) -> list[str]:
    comments = re.findall(r"^    #(?: via)? +(\S.*)$", rest, re.MULTILINE)
    return [comment for comment in comments if comment != "via"]


def _needs(name: str, wanted_by: dict[str, set[str]], references: dict[str, str]) -> list[str]:
    return [reference for needed, reference in references.items() if name in wanted_by[needed]]


def _component(name: str, release: str, rest: str, reference: str) -> dict[str, Any]:  # Any: as above
    digests = [{"alg": "SHA-256", "content": digest} for digest in re.findall(r"sha256:([0-9a-f]{64})", rest)]
    library = {"type": "library", "name": name, "version": release, "purl": reference, "bom-ref": reference}
    return {**library, "hashes": digests}


if __name__ == "__main__":
    folder = Path(__file__).parents[1]
    declared = re.search(r'^version = "(.*)"', (folder / "pyproject.toml").read_text(), re.MULTILINE)
    bill = bill_of((folder / "requirements.lock").read_text(), declared[1] if declared else "")
    sys.stdout.write(json.dumps(bill, indent=2) + "\n")
