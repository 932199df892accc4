"""What HTTP needs of the rest: the writer, the views, the keys. `service` has what fits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from api.kept import KeptAnswers
from domain.commands import RecordEvent, Role
from domain.reader import Cut
from domain.receipt import Receipt
from domain.standing import Status
from projections.changes import Change
from projections.sources import Place as SourcePlace
from projections.sources import Source


class UnavailableError(Exception):
    """The service can not do this now; nothing was lost, and the client may try again."""

    def __init__(self, reason: str, *, retry_after_s: int = 1) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class OutcomeUnknownError(UnavailableError):
    """Nobody can tell now whether it was recorded: only a retry with the same event id is safe."""


Outcome = tuple[Receipt, ...] | Exception
"""What became of one group of commands: the receipts of all, or why none was recorded.

A domain Refusal, whose `index` tells which command it is about, an UnavailableError, or what nobody foresaw.
"""


class Ledger(Protocol):
    """The one way in."""

    async def record(self, groups: Sequence[Sequence[RecordEvent]]) -> Sequence[Outcome]:
        """Record groups of commands, each whole or not at all; what is answered is durable.

        Raises UnavailableError where nothing was recorded at all.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that is good now: its name, role, and the audience that it reads as."""

    key_id: str
    name: str
    role: Role
    audience: int


class Keys(Protocol):
    """The keys that are good now."""

    async def find(self, secret: str) -> Key | None:
        """Return the key of a secret, None where it is unknown or revoked."""


class Accesses(Protocol):
    """Who has read what may be confidential."""

    async def note(self, key: Key, audience: int, address: str) -> None:
        """Return when it is on record that the key reads there. Raises UnavailableError."""


@dataclass(frozen=True, slots=True)
class Document:
    """A ready JSON body and its entity tag, without quotes."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Record:
    """One event as it is read: a ready JSON object, and its places for the next page."""

    body: bytes
    position: int
    version: int


Sort = Literal["changed", "created", "claim_id", "rank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFilter:
    """Which claims a list shows; None lets everything pass."""

    status: Status | None = None
    contested: bool | None = None
    tag: str | None = None
    speaker: str | None = None
    outlet: str | None = None
    changed_after: int | None = None
    q: str | None = None
    similar_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of a list ends: the first page's position, and the place of the last claim in the list's order.

    The place is the position at which the claim changed or was created, or its id, as the list is sorted; where
    the best come first, how many claims there are up to there.
    """

    as_of: int
    last: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWanted:
    """In which order, how many, and after which place (None: from the start)."""

    sort: Sort
    limit: int
    after: Place | None


@dataclass(frozen=True, slots=True)
class ClaimPage:
    """List items as ready JSON objects, and where the next page begins, None at the end.

    Where something was looked for there is a snippet for each, with BEGIN_MATCH and END_MATCH around what was found.
    """

    items: Sequence[bytes]
    next: Place | None
    snippets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Sources, and where the next page begins, None at the end."""

    sources: Sequence[Source]
    next: SourcePlace | None


@dataclass(frozen=True, slots=True)
class EventBytes:
    """An event's stored bytes; None once it is erased."""

    state: bytes | None


class Views(Protocol):
    """What the events say, as far as the read models have come. Each answer is one audience's."""

    @property
    def position(self) -> int:
        """How far the read models have come; answers asked for afterwards are at least that fresh."""

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until the read models have come to a position; return whether they have."""

    @property
    def now_us(self) -> int:
        """The ledger's clock: what lies beyond it is in the future."""

    async def get_claim(self, claim_id: str, audience: int, cut: Cut) -> Document | None:
        """Return a claim with its standing and links."""

    async def list_claims(self, which: ClaimFilter, audience: int, cut: Cut, page: PageWanted) -> ClaimPage:
        """Return claims as they stood at the cut, in the order of the page."""

    async def list_history(
        self, claim_id: str, audience: int, cut: Cut, after: int, limit: int
    ) -> Sequence[Record] | None:
        """Return the records of a claim after a version, in order; None where there is no such claim."""

    async def list_events(self, audience: int, after: int, limit: int) -> Sequence[Record]:
        """Return the ledger's records after a position, in order."""

    async def get_record(self, event_id: str, audience: int) -> Record | None:
        """Return the record of one event."""

    async def get_bytes(self, event_id: str, audience: int) -> EventBytes | None:
        """Return the stored bytes of one event."""

    async def get_summary(self, audience: int, cut: Cut) -> Document:
        """Return counts, activity and the latest records."""

    async def list_sources(self, audience: int, after: SourcePlace | None, limit: int) -> SourcePage:
        """Return who reported and denied what, those with most statements first."""

    async def list_changes(self, limit: int) -> Sequence[Change]:
        """Return how claims came to stand otherwise, as the public sees it, the newest first."""


class TransparencyLog(Protocol):
    """The log as far as it is published: nothing beyond its last checkpoint.

    What needs a checkpoint raises UnavailableError while there is none.
    """

    @property
    def verifier_key(self) -> str:
        """Whose signatures count: c2sp.org/signed-note."""

    def get_checkpoint(self) -> bytes:
        """Return the last checkpoint, a signed note, with the cosignatures that it has."""

    async def list_checkpoints(self, after: int, limit: int) -> list[bytes]:
        """Return checkpoints in the order in which they were signed, without the first `after` ones."""

    async def get_tile(self, path: str) -> bytes | None:
        """Return a tile or an entry bundle by its path, None where the published tree has none."""

    async def prove(self, position: int) -> bytes | None:
        """Return the receipt of the event at a position (c2sp.org/tlog-proof), None where it is not covered yet."""

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Wait until a checkpoint covers a position; return whether one does."""


class Health(Protocol):
    """Whether the service can do its work."""

    def reasons_not_ready(self) -> Sequence[str]:
        """Return why nothing can be appended now; empty when all is well."""


class Metrics(Protocol):
    """Counts, and tells what was counted. Called on the event loop."""

    def observe_request(self, method: str, route: str, status: int) -> None:
        """Count a request that is answered; the route is its template."""

    def observe_refusal(self, code: str) -> None:
        """Count a posted event that is refused before it reaches the ledger."""

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format, version 0.0.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """What the operator decides about HTTP.

    `patience_s` is how long an import over NDJSON waits for a ledger that is overloaded or away, or, where it asks
    to wait, for reads or the log to have come up.
    """

    public_reads: bool
    max_body_bytes: int = 1024 * 1024
    patience_s: float = 30.0
    cors_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the routers are handed."""

    ledger: Ledger
    views: Views
    log: TransparencyLog
    keys: Keys
    accesses: Accesses
    health: Health
    metrics: Metrics
    options: ApiOptions
    kept: KeptAnswers = field(default_factory=KeptAnswers)
