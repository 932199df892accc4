"""How an audit tells how far it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager

Tell = Callable[[int, int | None], None]
"""Hears how many are done, of how many; None where nobody knows."""

Progress = Callable[[str], AbstractContextManager[Tell]]
"""Shows how far something is, as long as it lasts."""
