"""A running service, and the data that stories are told with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service_process import ServiceProcess

DATA = Path(__file__).parents[1] / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"

# To count lines in every process makes these tests half as long again. Those of workers and of embargoes pass by what
# no other test does; the others pass by lines that are counted already.
COUNTED = ("test_embargo", "test_workers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out of the coverage what need not be in it."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.stem not in COUNTED:
            item.add_marker("thorough")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path / "data") as running:
        yield running


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
