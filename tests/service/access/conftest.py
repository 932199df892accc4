"""One ledger for all of the matrix: nothing in it changes while it is read."""

from collections.abc import Iterator

import pytest

from tests.service.access.asking import World, opened_world


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened_world(tmp_path_factory.mktemp("access")) as world:
        yield world
