"""Witnesses sign what is published; what they answer is checked, and none of them holds anything up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from projections.log.verify.notes import Checkpoint, open_checkpoint, parse_key
from projections.log.verify.tree import EMPTY_ROOT
from service.publishing.cosigning import WitnessError
from service.publishing.published import PublishedLog
from service.publishing.tree import Tree
from service.publishing.witnesses import ASKED_AGAIN_US, AlarmError, Witnesses, Witnessing
from service.store.checkpoints import Witness
from tests.service.desk import NOON_US
from tests.service.publishing import Press
from tests.service.witness_server import WitnessServer


class Newsroom:
    """A press, a witness, and who asks it."""

    def __init__(self, press: Press, witness: WitnessServer) -> None:
        self.press, self.witness = press, witness
        self.now_us = NOON_US
        self.published = PublishedLog(press.log.identity.verifier_key, press.store, press)
        self.asking = self.new_asking()

    def new_asking(self) -> Witnessing:
        witness = Witness(verifier_key=self.witness.verifier_key, url=self.witness.url, added_us=NOON_US)
        return Witnessing(witness, self.published, self.press.store, Tree(self.press), lambda: self.now_us)

    def publish(self, events: int) -> None:
        self.press.publish(events)
        (last,) = self.press.store.list_checkpoints(len(self.press.kept()) - 1, 1)
        self.published.show(last)

    def ask(self) -> None:
        async def step() -> None:
            async with httpx.AsyncClient(trust_env=False) as client:
                await self.asking.step(client)

        asyncio.run(step())

    def signed_by_witness(self) -> int:
        """Return how many signatures of the witness the served checkpoint has."""
        note = self.published.get_checkpoint()
        open_checkpoint(note, parse_key(self.press.log.identity.verifier_key))  # the log's own is still there
        return note.decode().count(f"— {self.witness.name} ")


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with Press(tmp_path) as press, WitnessServer(press.log.identity.verifier_key) as witness:
        yield Newsroom(press, witness)


def test_each_checkpoint_is_signed_with_a_proof_from_the_one_before(newsroom):
    for events in (0, 3, 300):
        newsroom.publish(events)
        assert newsroom.signed_by_witness() == 0
        newsroom.ask()
        assert newsroom.signed_by_witness() == 1
    assert newsroom.witness.asked == [(0, 0), (0, 3), (3, 303)]
    assert newsroom.asking.state.cosigned_size == 303


def test_before_there_is_a_checkpoint_nobody_is_asked(newsroom):
    newsroom.ask()
    assert newsroom.witness.asked == []


def test_what_was_signed_is_kept_and_shown_with_every_checkpoint(newsroom):
    for events in (3, 4):
        newsroom.publish(events)
        newsroom.ask()
    notes = asyncio.run(newsroom.published.list_checkpoints(0, 10))
    assert [note.count(newsroom.witness.name.encode()) for note in notes] == [1, 1]
    again = PublishedLog("", newsroom.press.store, newsroom.press)
    (last,) = newsroom.press.store.list_checkpoints(1, 1)
    again.show(last, newsroom.press.store.list_cosignatures(2, 2))
    assert again.get_checkpoint() == newsroom.published.get_checkpoint()


def test_who_has_forgotten_what_the_witness_remembers_is_told_and_goes_on_from_there(newsroom):
    newsroom.publish(3)
    newsroom.ask()
    newsroom.publish(4)
    newsroom.asking = newsroom.new_asking()
    newsroom.ask()
    assert newsroom.witness.asked == [(0, 3), (0, 7), (3, 7)]
    assert newsroom.signed_by_witness() == 1


def test_an_idle_log_is_signed_anew_every_ten_minutes_with_one_signature_at_a_time(newsroom):
    newsroom.publish(3)
    newsroom.ask()
    first = newsroom.published.get_checkpoint()
    newsroom.now_us += ASKED_AGAIN_US - 1
    newsroom.ask()
    newsroom.now_us += 1
    newsroom.ask()
    assert newsroom.witness.asked == [(0, 3), (3, 3)]
    assert newsroom.signed_by_witness() == 1
    assert newsroom.published.get_checkpoint() != first


def test_what_another_node_has_had_signed_is_not_asked_for_again(newsroom):
    newsroom.publish(3)
    newsroom.ask()
    other = Newsroom(newsroom.press, newsroom.witness)
    other.published.show(*newsroom.press.store.list_checkpoints(0, 1))
    other.ask()
    assert newsroom.witness.asked == [(0, 3)]
    assert other.signed_by_witness() == 1


def test_a_witness_that_finds_a_contradiction_raises_an_alarm(newsroom):
    newsroom.publish(3)
    newsroom.witness.seen = Checkpoint("ledger.example/log", 2, EMPTY_ROOT)  # another tree of two
    with pytest.raises(AlarmError, match="does not agree with what it has signed"):
        newsroom.ask()
    assert newsroom.signed_by_witness() == 0


def test_a_witness_that_has_signed_more_than_there_is_raises_an_alarm(newsroom):
    newsroom.publish(3)
    newsroom.witness.answers = [(409, b"9\n", "text/x.tlog.size")]
    with pytest.raises(AlarmError, match="has signed a tree of 9, the last checkpoint here is for 3"):
        newsroom.ask()


def test_a_witness_that_is_ahead_of_this_node_only_is_asked_again_later(newsroom):
    newsroom.publish(3)
    newsroom.press.publish(4)
    newsroom.witness.answers = [(409, b"7\n", "text/x.tlog.size")]
    with pytest.raises(WitnessError, match="has signed a tree of 7 already"):
        newsroom.ask()


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ((404, b"", "text/plain"), "it answers 404"),
        ((302, b"", "text/plain"), "it answers 302"),
        ((409, b"many\n", "text/x.tlog.size"), "409 without the size"),
        ((409, b"", "text/x.tlog.size"), "409 without the size"),
        ((200, b"", "text/plain"), "has no signature by witness.example/w1"),
        ((200, b"\xff\n", "text/plain"), "is not UTF-8"),
        ((200, b"Fine!\n", "text/plain"), "not made of signature lines"),
        ((200, "— witness.example/w1 A\n".encode(), "text/plain"), "not made of signature lines"),
        ((200, "— other.example AAAA\n".encode(), "text/plain"), "has no signature by"),
        ((200, b"x" * 100_000, "text/plain"), "longer than 65536 bytes"),
    ],
)
def test_an_answer_that_does_not_count_is_not_kept(newsroom, answer, what):
    newsroom.publish(3)
    newsroom.witness.answers = [answer]
    with pytest.raises(WitnessError, match=what):
        newsroom.ask()
    assert newsroom.signed_by_witness() == 0
    newsroom.ask()
    assert newsroom.signed_by_witness() == 1


@pytest.mark.parametrize("where", [12, 40, -4])
def test_a_signature_that_was_altered_is_not_kept(newsroom, where):
    newsroom.publish(3)
    line = newsroom.witness.sign(newsroom.published.get_checkpoint()).decode()
    start = line.rindex(" ") + 1
    encoded = list(line[start:])
    encoded[where] = "A" if encoded[where] != "A" else "B"
    newsroom.witness.answers = [(200, (line[:start] + "".join(encoded)).encode(), "text/plain")]
    with pytest.raises(WitnessError):
        newsroom.ask()
    assert newsroom.signed_by_witness() == 0


def test_a_signature_of_other_text_is_not_kept(newsroom):
    newsroom.publish(3)
    other = newsroom.published.get_checkpoint().replace(b"\n3\n", b"\n4\n")
    newsroom.witness.answers = [(200, newsroom.witness.sign(other), "text/plain")]
    with pytest.raises(WitnessError, match="its signature is wrong"):
        newsroom.ask()


def test_a_witness_that_is_away_fails_alone(newsroom):
    newsroom.publish(3)
    newsroom.asking = Witnessing(
        Witness(verifier_key=newsroom.witness.verifier_key, url="http://127.0.0.1:9", added_us=0),
        newsroom.published,
        newsroom.press.store,
        Tree(newsroom.press),
        lambda: NOON_US,
    )
    with pytest.raises(httpx.ConnectError):
        newsroom.ask()


def test_a_slow_witness_delays_nothing_but_its_own_signature(newsroom, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    press = newsroom.press
    with WitnessServer(press.log.identity.verifier_key, "witness.example/slow") as slow:
        slow.may_answer.clear()
        for each in (slow, newsroom.witness):
            press.store.add_witness(Witness(verifier_key=each.verifier_key, url=each.url, added_us=0))

        async def run() -> None:
            witnesses = Witnesses(newsroom.published, press.store, Tree(press), lambda: NOON_US)
            task = asyncio.create_task(witnesses.run())
            for events in (1, 1, 1):
                newsroom.publish(events)
                witnesses.wake()
                await until(lambda: newsroom.signed_by_witness() == 1)
            assert slow.asked == []
            slow.may_answer.set()
            await until(lambda: b"witness.example/slow" in newsroom.published.get_checkpoint())
            assert sorted(state.cosigned_size for state in witnesses.states) == [3, 3]
            assert press.store.remove_witness(slow.verifier_key)
            await until(lambda: len(witnesses.states) == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        with capture_logs() as logs:
            asyncio.run(run())
    assert all(line["event"] == "witness_failed" for line in logs)


def test_an_alarm_is_counted_and_logged_and_stops_nothing_else(newsroom, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    newsroom.publish(3)
    newsroom.witness.answers = [(422, b"", "text/plain")]
    press = newsroom.press
    press.store.add_witness(Witness(verifier_key=newsroom.witness.verifier_key, url=newsroom.witness.url, added_us=0))

    async def run() -> None:
        witnesses = Witnesses(newsroom.published, press.store, Tree(press), lambda: NOON_US)
        task = asyncio.create_task(witnesses.run())
        await until(lambda: [state.alarms for state in witnesses.states] == [1])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with capture_logs() as logs:
        asyncio.run(run())
    assert [(line["event"], line["witness"]) for line in logs] == [("witness_alarm", newsroom.witness.name)]
    assert newsroom.press.publish(1) == [4]


async def until(condition) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.to_thread(int)  # others get their turn
