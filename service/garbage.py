"""How often Python looks for garbage, in processes that hold many objects for long."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage while modules are loaded, which leaves none: a tenth to a fifth of the time of a start."""
    gc.disable()
    yield
    gc.enable()


def collect_seldom() -> None:
    """Leave out what is there now, and look at the rest less often: none of it is garbage for as long as we work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def collect_nothing() -> None:
    """Look for no garbage at all: for work that leaves none that its own counts of references do not free."""
    gc.disable()
