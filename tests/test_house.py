"""The rules of the house that no linter knows."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
HOUSE = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = sorted(HOUSE["tool"]["importlinter"]["root_packages"])
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", LOCK, re.MULTILINE))


def requirements() -> list[Requirement]:
    groups = HOUSE["dependency-groups"].values()
    named = [entry for group in groups for entry in group if isinstance(entry, str)]
    return [Requirement(entry) for entry in HOUSE["project"]["dependencies"] + named]


def test_every_package_has_its_layer_and_is_shipped():
    tool = HOUSE["tool"]
    found = {init.parent.name for init in ROOT.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert sorted(found) == PACKAGES
    assert sorted(tool["importlinter"]["contracts"][0]["layers"]) == PACKAGES
    assert sorted(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    assert sorted(tool["coverage"]["run"]["source_pkgs"]) == PACKAGES


def test_no_file_is_longer_than_300_lines():
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert [str(path) for path in files if len(path.read_text().splitlines()) > 300] == []


def test_the_lock_has_what_pyproject_asks_for():
    assert [str(each) for each in requirements() if LOCKED.get(each.name, "0") not in each.specifier] == []


def test_the_lock_names_no_address_of_an_index():
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", LOCK) == []
