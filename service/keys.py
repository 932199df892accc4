"""Keys: 256 random bits, shown once, stored as hashes, looked up without blocking."""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from math import inf

from api.ports import Key
from domain.audience import DESK, STAFF
from domain.commands import Role
from projections.database import Connection, one_of
from service.ids import new_event_id
from service.store.records import StoreUnavailableError

_PREFIX = "onrecord_"
_AGAIN_S = 2.0
_BELIEVED_S = 4.0
"""A revoked key has to be dead within five seconds on every node."""
AUDIENCES: dict[Role, int] = {
    "reporter": STAFF,
    "importer": STAFF,
    "editor": DESK,
    "auditor": DESK,
    "admin": DESK,
}
"""What each role reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key as the operator lists it; instants are microseconds since 1970."""

    key_id: str
    name: str
    role: Role
    audience: int
    created_us: int
    revoked_us: int | None
    last_used_us: int | None


class KeyStore:
    """The keys in the ledger's database."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """Work on connections that see the ledger's tables, and commit when they are left."""
        self._connect = connect

    def create(self, name: str, role: Role, audience: int | None, now_us: int, secret: str | None = None) -> str:
        """Make a key and return its secret, which is not kept. Good as soon as this returns."""
        secret = secret or _PREFIX + secrets.token_urlsafe(32)
        reads = AUDIENCES[role] if audience is None else min(audience, AUDIENCES[role])
        row = (new_event_id(), name, role, reads, _digest(secret), now_us)
        with self._connect() as connection:
            connection.execute(
                """
                INSERT INTO keys (key_id, name, role, audience, key_sha256, created_us)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                row,
            )
        return secret

    def bootstrap(self, secret: str, now_us: int) -> bool:
        """Make the first admin key of a secret; return False where there has been a key already."""
        with self._connect() as connection:
            made = connection.execute(
                """
                INSERT INTO keys (key_id, name, role, audience, key_sha256, created_us)
                SELECT ?, 'admin', 'admin', ?, ?, ?
                WHERE NOT EXISTS (SELECT 1 FROM keys)
                """,
                (new_event_id(), DESK, _digest(secret), now_us),
            )
            return made.rowcount == 1

    def list_keys(self) -> list[KeyRow]:
        """Return all keys, revoked ones too, the oldest first."""
        with self._connect() as connection:
            rows = connection.execute(
                """
                SELECT key_id, name, role, audience, created_us, revoked_us, last_used_us
                FROM keys
                ORDER BY created_us, key_id
                """
            ).fetchall()
        names = KeyRow.__slots__
        return [KeyRow(**dict(zip(names, row, strict=True))) for row in rows]

    def mark_used(self, key_ids: Collection[str], now_us: int) -> None:
        """Note when keys were last used, unless somebody has noted a later use."""
        marks, parameters = one_of(sorted(key_ids))
        with self._connect() as connection:
            connection.execute(
                f"UPDATE keys SET last_used_us = ? WHERE key_id IN ({marks}) AND COALESCE(last_used_us, 0) < ?",
                (now_us, *parameters, now_us),
            )

    def revoke(self, key_id: str, now_us: int) -> bool:
        """Revoke a key for good; return False where there is no such good key."""
        with self._connect() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked_us = ? WHERE key_id = ? AND revoked_us IS NULL", (now_us, key_id)
            )
            return changed.rowcount == 1

    def good_keys(self) -> dict[bytes, Key]:
        """Return the keys that are not revoked, by the hash of their secret."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT key_sha256, key_id, name, role, audience FROM keys WHERE revoked_us IS NULL"
            ).fetchall()
        return {
            digest: Key(key_id=key_id, name=name, role=role, audience=audience)
            for digest, key_id, name, role, audience in rows
        }


class KeyRing:
    """The good keys in memory, read again every so often, and at once when an unknown one is shown.

    What was read long ago is not believed: who can not ask whether a key was revoked lets nobody in.
    """

    def __init__(self, store: KeyStore, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._elapsed_s = elapsed_s
        self._read_s = -inf
        self._failed_s = -inf
        self._keys: dict[bytes, Key] = {}
        self._known: dict[str, Key] = {}
        self._asking = asyncio.Lock()
        self._used: set[str] = set()

    async def find(self, secret: str) -> Key | None:
        """Return the key of a secret, None where it is unknown or revoked. Raises StoreUnavailableError."""
        if self._elapsed_s() - self._read_s >= _BELIEVED_S:
            await self._ask()
        known = self._known.get(secret)
        if known is not None:
            self._used.add(known.key_id)
            return known
        digest = _digest(secret)
        if digest not in self._keys:
            await self._ask()  # made a moment ago, perhaps
        found = self._keys.get(digest)
        if found is not None:
            self._known[secret] = found
            self._used.add(found.key_id)
        return found

    def whose(self, authorization: bytes) -> str:
        """Return the id of the key that a header shows, as the keys were last read; empty where it shows no good one.

        For who counts, at once; whether a key lets anybody in `find` tells.
        """
        secret = authorization.partition(b" ")[2].strip().decode("latin-1")
        key = self._known.get(secret) or self._keys.get(_digest(secret))
        return "" if key is None else key.key_id

    def refresh(self) -> None:
        """Read the keys again, before anybody asks for one. Raises StoreUnavailableError."""
        self._take_in(self._elapsed_s(), self._store.good_keys())

    def note_used(self, now_us: int) -> None:
        """Have it on record which keys have been used since this was last called. Raises StoreUnavailableError."""
        used, self._used = self._used, set()
        if used:
            self._store.mark_used(used, now_us)

    async def renew(self) -> None:
        """Read the keys again, in a thread; what was revoked is forgotten. Raises StoreUnavailableError."""
        began_s = self._elapsed_s()
        try:
            self._take_in(began_s, await asyncio.to_thread(self._store.good_keys))
        except StoreUnavailableError:
            self._failed_s = self._elapsed_s()
            raise

    def _take_in(self, began_s: float, keys: dict[bytes, Key]) -> None:
        if began_s < self._read_s:
            return  # somebody has read them since
        self._keys, self._read_s = keys, began_s
        good = {key.key_id for key in keys.values()}
        self._known = {secret: key for secret, key in self._known.items() if key.key_id in good}

    async def _ask(self) -> None:
        asked_s = self._elapsed_s()
        async with self._asking:  # many who ask at once are answered by one look
            if self._read_s > asked_s:
                return
            if self._elapsed_s() - self._failed_s < _AGAIN_S:
                raise StoreUnavailableError("the keys can not be read: the database is away")
            await self.renew()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
