"""The log of 70,000 events, made once: none of its tests changes it."""

import sqlite3
from collections.abc import Iterator

import pytest

from projections.log import log
from tests.projections.log import entries


@pytest.fixture(scope="session")
def large(on_engine: None) -> Iterator[sqlite3.Connection]:  # noqa: ARG001  # made anew on each engine
    with entries.begin(entries.MANY) as connection:
        log.integrate(connection, entries.MANY)
        yield connection
