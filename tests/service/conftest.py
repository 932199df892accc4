"""A ledger in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.sqlite import LedgerApplication
from tests.service.desk import Desk, opened


@pytest.fixture
def application(tmp_path: Path) -> Iterator[LedgerApplication]:
    with opened(tmp_path) as application:
        yield application


@pytest.fixture
def desk(application: LedgerApplication) -> Iterator[Desk]:
    with Desk(application.recorder) as desk:
        yield desk


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
