"""Hypothesis profiles (`--hypothesis-profile`, else `ci` where CI is set, else `dev`), and a PostgreSQL."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres_server import Databases, databases

# No deadline: on a busy machine it measures the neighbours. The blob repeats a failure anywhere.
settings.register_profile("dev", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("ci", deadline=None, print_blob=True, max_examples=50, database=None)
settings.register_profile("quick", deadline=None, print_blob=True, max_examples=5)
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=5_000)
settings.load_profile("ci" if "CI" in os.environ else "dev")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """Start a PostgreSQL for the first test that asks for one."""
    with databases() as made:
        yield made


@pytest.fixture
def postgres_url(postgres: Databases) -> Iterator[str]:
    """Lend an empty database."""
    with postgres.fresh() as url:
        yield url
