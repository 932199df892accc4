"""A running service, and the data that stories are told with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service_process import ServiceProcess

DATA = Path(__file__).parents[1] / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path / "data") as running:
        yield running


@pytest.fixture
def fast_service(tmp_path: Path) -> Iterator[ServiceProcess]:
    """Yield a service for long imports; what runs in it does not count for the coverage."""
    with ServiceProcess(tmp_path / "data").uncounted() as running:
        yield running


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
