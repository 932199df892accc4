"""What one may not read takes as much work to refuse as what there is not: the time of an answer tells nothing."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.audience import PUBLIC, STAFF
from domain.reader import NOW, Cut
from service.store.generations import Generations
from service.views import SqliteViews
from tests.service.in_process import InProcess

HIDDEN, ABSENT = "claim-hidden", "claim-absent"
EVENTS = 300
PAST = Cut(known_us=4_000_000_000_000_000)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteViews, Counter[str]]]:
    """Return views of a ledger with a long hidden claim, and how many steps SQLite has taken."""
    folder: Path = tmp_path_factory.mktemp("alike")
    with InProcess(folder) as service:
        tell(service, service.create_key("desk", "admin"))
    generations, steps = Generations(folder, folder / "ledger.db"), Counter[str]()
    connect = generations.reader(generations.current())

    def step() -> int:
        steps["taken"] += 1
        return 0

    def counting() -> sqlite3.Connection:
        connection = connect()
        connection.set_progress_handler(step, 1)
        return connection

    with closing(SqliteViews(counting, lambda: 5_000_000_000_000_000)) as views:
        yield views, steps


def tell(service: InProcess, key: str) -> None:
    """Record a long claim that is hidden, and others before and after it."""
    data = {"claim": {"text": "Said so."}, "speaker": {"name": "A"}}
    for claim_id, how in (("claim-a", {}), (HIDDEN, {"classification": "confidential"}), ("claim-z", {})):
        told = [{"type": "ClaimReported", "claim_id": claim_id, "data": data, **how}] * EVENTS
        assert service.post(told, key).status == 201


WAYS: dict[str, Callable[[SqliteViews, str, int], Awaitable[Any]]] = {
    "claim": lambda views, claim_id, audience: views.get_claim(claim_id, audience, NOW),
    "claim, then": lambda views, claim_id, audience: views.get_claim(claim_id, audience, PAST),
    "history": lambda views, claim_id, audience: views.list_history(claim_id, audience, NOW, 0, 101),
    "history, then": lambda views, claim_id, audience: views.list_history(claim_id, audience, PAST, 0, 101),
    "history from afar": lambda views, claim_id, audience: views.list_history(claim_id, audience, NOW, 50, 101),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("audience", [PUBLIC, STAFF])
def test_a_hidden_claim_takes_no_more_work_than_none(counted, way, audience):
    views, steps = counted

    def work(claim_id: str) -> int:
        steps.clear()
        assert asyncio.run(way(views, claim_id, audience)) is None
        return int(steps["taken"])

    work(ABSENT)  # statements are prepared once
    hidden, absent = work(HIDDEN), work(ABSENT)
    assert abs(hidden - absent) < 50, (hidden, absent)
