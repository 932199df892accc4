"""What clients ask of the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from domain.claim import Claim
from domain.events import Event

Role = Literal["reporter", "editor", "importer", "admin", "auditor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Who posts: the key's name and role, and the audience that it reads as."""

    name: str
    role: Role
    audience: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent:
    """Record one posted event.

    `if_version` is the version at which the poster must see the claim: 0 where it must not exist.
    """

    event: Event
    poster: Poster
    if_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a decision depends on besides the claim.

    `now_us` is the ledger's clock, `last_us` its last recorded_at; `linked` the claim that a link names;
    `read` returns the recorded event of an id in this claim.
    """

    now_us: int
    last_us: int
    linked: Claim | None
    read: Callable[[str], Event]
