"""The bill of materials names what is shipped, all of it, and nothing else."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).parents[1]


def bill() -> dict[str, list[dict[str, str]]]:
    command = [sys.executable, str(FOLDER / "scripts" / "sbom.py")]
    return dict(json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout))


def test_all_that_the_service_needs_is_named_with_what_it_needs_itself():
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    named = {component["name"] for component in bill()["components"]}
    wanted = {Requirement(text).name for text in project["dependencies"]}
    further = {need.name for name in wanted for need in map(Requirement, requires(name) or ()) if needed_here(need)}
    assert wanted | {canonical(name) for name in further} <= named


def needed_here(need: Requirement) -> bool:
    return need.marker is None or need.marker.evaluate({"extra": ""})


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_nothing_is_named_that_only_tests_need():
    components = bill()["components"]
    assert {"pymerkle", "pytest", "hypothesis", "mypy"}.isdisjoint(component["name"] for component in components)
    assert all(component["hashes"] and component["version"] for component in components)


def test_what_depends_on_what_is_named_by_what_is_there():
    made = bill()
    known = {"onrecord", *(component["bom-ref"] for component in made["components"])}
    assert {each["ref"] for each in made["dependencies"]} == known
    assert all(set(each["dependsOn"]) <= known for each in made["dependencies"])
