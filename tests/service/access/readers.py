"""Everybody who may ask: each role, each audience that its key may be lowered to, and what a request lowers it to."""

from dataclasses import dataclass, replace
from typing import get_args

from domain.commands import Role
from service.keys import AUDIENCES

NAMES = ("public", "staff", "desk")


@dataclass(frozen=True, slots=True)
class Reader:
    """A role, the audience of its key, and the one that it asks to read as; no role: no key."""

    role: Role | None
    key_audience: int = 0
    asked: int | None = None

    @property
    def audience(self) -> int:
        return self.key_audience if self.asked is None else min(self.key_audience, self.asked)

    @property
    def key_name(self) -> str:
        return f"{self.role}-{self.key_audience}"

    def lower(self, path: str) -> str:
        """Return the address with what it asks to read as."""
        if self.asked is None:
            return path
        return f"{path}{'&' if '?' in path else '?'}audience={NAMES[self.asked]}"


KEYS = [Reader(role, audience) for role in get_args(Role) for audience in range(AUDIENCES[role] + 1)]
_UNLOWERED = (Reader(None), Reader("editor", 2))
READERS = [Reader(None), *KEYS, *(replace(each, asked=asked) for each in _UNLOWERED for asked in range(len(NAMES)))]
