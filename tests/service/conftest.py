"""A ledger of its own, on each of the engines that the tests are for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.databases import LedgerApplication, LedgerDatabase, PostgresLedger, SqliteLedger
from tests.service.desk import Desk, opened


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a module's tests on the ENGINES that it names, else on SQLite."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", getattr(metafunc.module, "ENGINES", ("sqlite",)))


@pytest.fixture
def database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> LedgerDatabase:
    """Return where a ledger may be."""
    return SqliteLedger(tmp_path) if engine == "sqlite" else PostgresLedger(request.getfixturevalue("postgres_url"))


@pytest.fixture
def application(database: LedgerDatabase) -> Iterator[LedgerApplication]:
    with opened(database) as application:
        yield application


@pytest.fixture
def desk(application: LedgerApplication) -> Iterator[Desk]:
    with Desk(application.recorder) as desk:
        yield desk


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
