"""Following and rebuilding come to the same rows, exactly once, whatever fails when."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.errors import BrokenLogError
from projections.follower import Follower, schema_fingerprint
from projections.log import log
from projections.tracking import OvertakenError
from tests.projections.engines import is_in_transaction, unguard
from tests.projections.ledger import Ledger
from tests.projections.random_ledgers import ledgers
from tests.projections.story import Story


class FailingError(Exception):
    """What the wrapped connection raises."""


class FailingConnection:
    """Raises at the n-th statement of the transactions, or at their first commit."""

    def __init__(self, connection: sqlite3.Connection, at: int = 0, commit: str = "") -> None:
        self.engine = getattr(connection, "engine", "sqlite")
        self._connection = connection
        self._left = at
        self._commit = commit

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and self._commit:
            self._fail_to_commit()
        if not sql.startswith("BEGIN"):
            self._count()
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:
        self._count()
        return self._connection.executemany(sql, parameters)

    def rollback(self) -> None:
        self._connection.rollback()

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise FailingError

    def _fail_to_commit(self) -> None:
        # A full disk may end the transaction; and an answer may be lost where all is well.
        self._connection.execute("COMMIT" if self._commit == "committed" else "ROLLBACK")
        self._commit = ""
        raise FailingError


def small_story() -> list[dict[str, Any]]:
    story = Story()
    report = story.report("first", tags=["war"])
    story.report("second", classification="internal")
    story.link("first", "second")
    denial = story.deny("first")
    story.correct(report, {"data": {"claim": {"tags": ["peace"]}}}, claim_id="first")
    story.retract(denial, claim_id="first")
    story.reclassify(report, claim_id="first", classification="internal")
    return [json.loads(state) for state in story.states.values()]


SMALL = small_story()


@settings(max_examples=12)
@given(ledgers(), st.sampled_from((1, 3)), st.sampled_from((1, 5, 100_000)))
def test_following_in_small_steps_gives_the_rows_of_a_rebuild(events, batch_limit, cached_events):
    followed = Ledger()
    for event in events:
        followed.append(event)
        if len(followed.events) % batch_limit == 0:
            followed.follow(batch_limit=batch_limit, cached_events=cached_events)
    followed.follow(batch_limit=batch_limit, cached_events=cached_events)
    assert followed.rows() == Ledger(events).follow(batch_limit=1000).rows()


@settings(max_examples=6)
@given(ledgers())
def test_one_follower_that_keeps_few_claims_gives_the_rows_of_a_rebuild(events):
    followed = Ledger(events).follow(batch_limit=2, cached_events=4)
    assert followed.rows() == Ledger(events).follow().rows()


@pytest.mark.thorough
@settings(max_examples=24)
@given(ledgers(tombstoned=True), st.sampled_from((1, 2, 1000)), st.integers(1, 60))
def test_building_claim_by_claim_gives_the_rows_of_following(events, batch_limit, head):
    built = Ledger(events[:head])
    follower = Follower(built.connection, batch_limit=batch_limit, build_from=1)
    follower.step()
    for event in events[head:]:
        built.append(event)
    while follower.step() < len(events):
        pass
    assert built.rows() == Ledger(events).follow().rows()


def test_while_they_are_built_read_models_stand_at_nothing_and_tell_what_is_done():
    ledger = Ledger(SMALL)
    follower = Follower(ledger.connection, batch_limit=2, build_from=1)
    told = [(follower.step(), follower.done) for _ in range(4)]
    assert told == [(0, 4), (0, 8), (8, 8), (8, 8)]


def test_a_build_that_was_killed_goes_on_from_the_last_step_it_made():
    ledger = Ledger(SMALL)
    while (follower := Follower(ledger.connection, batch_limit=1, build_from=1)).step() < len(SMALL):
        pass
    assert follower.done == len(SMALL)
    assert ledger.rows() == Ledger(SMALL).follow().rows()


def test_a_build_goes_on_by_whoever_steps_next():
    ledger = Ledger(SMALL)
    one, other = (Follower(ledger.connection, batch_limit=1, build_from=1) for _ in range(2))
    while min(one.step(), other.step()) < len(SMALL):
        pass
    assert ledger.rows() == Ledger(SMALL).follow().rows()


def in_turn(claims: int, rounds: int) -> list[dict[str, Any]]:
    """Return events of several claims that come round and round."""
    story = Story()
    for number in range(claims):
        story.report(f"claim-{number}")
    for turn in range(1, rounds):
        for number in range(claims):
            story.deny(f"claim-{number}", occurred_at=f"2022-03-{turn:02d}")
    return [json.loads(state) for state in story.states.values()]


def heads_to_build_to(ledger: Ledger, **limits: Any) -> list[int]:
    """Follow to the end, and return after each step up to where one would better build."""
    follower, better = Follower(ledger.connection, batch_limit=2, **limits), []
    while follower.step() < len(ledger.events):
        better.append(follower.better_built_to)
    return [*better, follower.better_built_to]


def test_who_folds_claims_again_and_again_had_better_build_anew_while_much_is_left():
    # 40 events by twos: each claim is folded again for its r-th event, from the (r - 1) before.
    assert heads_to_build_to(Ledger(in_turn(4, 10)), cached_events=1, build_from=50) == [0] * 20
    ledger = Ledger(in_turn(4, 10)[:8]).follow()
    for event in in_turn(4, 10)[8:]:
        ledger.append(event)
    # The fourth step ends at 16, and the least folded again was two for each: 24 left, three times, are more than 40.
    better = heads_to_build_to(ledger, cached_events=1, build_from=10)
    assert better == [0, 0, 0, *[40] * 8, *[0] * 5]


def test_while_more_comes_than_is_followed_nobody_builds_anew():
    events = in_turn(4, 30)
    ledger = Ledger(events[:30])
    follower = Follower(ledger.connection, batch_limit=2, cached_events=1, build_from=40)
    while len(ledger.events) < len(events):
        for event in events[len(ledger.events) :][:3]:
            ledger.append(event)
        follower.step()
        assert follower.better_built_to == 0
    assert len(events) - ledger.position > 40
    steps = [(follower.step(), follower.better_built_to) for _ in range(4)]
    assert steps[-1] == (ledger.position, len(events))


class ListeningConnection:
    """Hears what is asked."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.engine = getattr(connection, "engine", "sqlite")
        self.heard: list[str] = []
        self._connection = connection
        self.executemany = connection.executemany
        self.rollback = connection.rollback

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        self.heard.append(sql)
        return self._connection.execute(sql, parameters)


def test_claims_that_begin_are_not_looked_up_and_all_that_are_no_longer_held_at_once():
    events = in_turn(40, 3)
    ledger = Ledger(events)
    connection = ListeningConnection(ledger.connection)
    follower = Follower(connection, batch_limit=40, cached_events=1)
    steps = [(follower.step(), sum("originator_id IN" in sql for sql in connection.heard)) for _ in range(3)]
    assert steps == [(40, 0), (80, 1), (120, 2)]
    assert ledger.rows() == Ledger(events).follow().rows()


def test_who_keeps_the_claims_follows_however_much_is_left():
    ledger = Ledger(in_turn(4, 10)[:8]).follow()
    for event in in_turn(4, 10)[8:]:
        ledger.append(event)
    assert heads_to_build_to(ledger, build_from=10) == [0] * 16


def test_a_short_ledger_is_followed_from_the_start():
    ledger = Ledger(SMALL)
    follower = Follower(ledger.connection, batch_limit=1, build_from=len(SMALL) + 1)
    assert [follower.step(), follower.step()] == [1, 2]


@pytest.mark.thorough
@pytest.mark.parametrize("build_from", [1, 100_000])
def test_a_step_that_fails_at_any_statement_leaves_nothing_and_is_applied_once_by_the_next(build_from):
    limits = {"batch_limit": 5, "build_from": build_from}
    expected = Ledger(SMALL).follow().rows()
    at, ledger = 1, Ledger(SMALL)
    while fails(ledger, follower := Follower(FailingConnection(ledger.connection, at), **limits)):
        while follower.step() < len(SMALL):
            pass
        assert ledger.rows() == expected, at
        at, ledger = at + 1, Ledger(SMALL)
    assert at > 50


def fails(ledger: Ledger, follower: Follower) -> bool:
    """Step to the end, or to the failure: then the rows are those from before the step."""
    rows = ledger.rows()
    try:
        while follower.step() < len(SMALL):
            rows = ledger.rows()
    except FailingError:
        assert not is_in_transaction(ledger.connection)
        assert ledger.rows() == rows
        return True
    return False


@pytest.mark.parametrize("outcome", ["committed", "rolled back"])
def test_a_step_whose_commit_fails_is_applied_once_whatever_became_of_it(outcome):
    ledger = Ledger(SMALL)
    follower = Follower(FailingConnection(ledger.connection, commit=outcome), batch_limit=5)
    with pytest.raises(FailingError):
        follower.step()
    while follower.step() < len(SMALL):
        pass
    assert ledger.rows() == Ledger(SMALL).follow().rows()


def test_a_follower_goes_on_where_another_has_come_to():
    ledger = Ledger(SMALL)
    one, other = Follower(ledger.connection, batch_limit=2), Follower(ledger.connection, batch_limit=1)
    while min(one.step(), other.step()) < len(ledger.events):
        pass
    assert ledger.rows() == Ledger(SMALL).follow().rows()


class OvertakingConnection(ListeningConnection):
    """Lets somebody else move the position, just before it is moved."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> sqlite3.Cursor:
        if sql.startswith("UPDATE tracking"):
            self._connection.execute("UPDATE tracking SET notification_id = 99")
        return super().execute(sql, parameters)


def test_of_two_followers_at_one_position_only_the_first_applies_its_step():
    ledger = Ledger(SMALL)
    before = ledger.rows()
    with pytest.raises(OvertakenError, match="no longer at position 0"):
        Follower(OvertakingConnection(ledger.connection)).step()
    assert ledger.rows() == before


def test_without_news_a_step_stays_where_it_is_and_changes_nothing():
    ledger = Ledger(SMALL).follow()
    rows = ledger.rows()
    assert Follower(ledger.connection).step() == len(ledger.events)
    assert ledger.rows() == rows


def test_the_fingerprint_of_the_schema_fits_into_a_user_version():
    assert 0 < schema_fingerprint() < 2**31


@pytest.mark.parametrize(
    ("column", "value", "position"), [("state", b"{} ", 3), ("state", None, 3), ("event_sha256", bytes(32), 7)]
)
def test_bytes_that_are_not_those_that_were_recorded_stop_the_follower(column, value, position):
    ledger = Ledger(SMALL)
    before = ledger.rows()
    unguard(ledger.connection)
    ledger.connection.execute(f"UPDATE ledger.stored_events SET {column} = ? WHERE position = {position}", (value,))
    with pytest.raises(BrokenLogError, match=f"position {position}: the event's bytes are not those") as caught:
        Follower(ledger.connection).step()
    assert caught.value.position == position
    assert ledger.rows() == before


def test_the_log_comes_as_far_as_the_other_read_models():
    ledger = Ledger(SMALL)
    follower = Follower(ledger.connection, batch_limit=2)
    while (position := follower.step()) < len(SMALL):
        assert log.read_size(ledger.connection) == position
    assert log.read_size(ledger.connection) == len(SMALL)
