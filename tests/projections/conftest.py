"""Every test of a read model is one on both engines, unless its module says which."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.projections.engines import connect_sqlite, engine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a module's tests on the ENGINES that it names, else on both."""
    engines = [
        pytest.param(name, marks=pytest.mark.postgres if name == "postgres" else ())
        for name in getattr(metafunc.module, "ENGINES", ("sqlite", "postgres"))
    ]
    metafunc.parametrize("on_engine", engines, indirect=True, scope="session")


@pytest.fixture(scope="session", autouse=True)
def on_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have ledgers made on an engine."""
    with ExitStack() as stack:
        if request.param == "postgres":
            engine.use(request.getfixturevalue("postgres"), stack)
        yield
        engine.connect = connect_sqlite
