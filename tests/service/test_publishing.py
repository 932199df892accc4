"""Checkpoints: signed when there is something to sign, each consistent with all before it, or nothing any more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from projections.errors import BrokenLogError
from projections.log.verify.tree import EMPTY_ROOT
from service.publishing.checking import ContradictionError
from service.store.records import StoreUnavailableError
from tests.service.archives import tampered
from tests.service.publishing import Press


@pytest.fixture
def press(tmp_path: Path) -> Iterator[Press]:
    with Press(tmp_path) as press:
        yield press


def test_an_empty_log_publishes_the_empty_tree_once(press):
    assert press.publish() == [0]
    assert press.publish() == []
    (checkpoint,) = press.kept()
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (press.origin, 0, EMPTY_ROOT)


def test_each_checkpoint_covers_what_was_appended_and_is_kept(press):
    sizes = [size for events in (1, 1, 254, 1, 300) for size in press.publish(events)]
    assert sizes == [1, 2, 256, 257, 557]
    assert [(kept.size, kept.root) for kept in press.kept()] == [(size, press.true_root(size)) for size in sizes]


def test_where_nothing_was_appended_nothing_is_signed(press):
    press.publish(3)
    press.append(2)  # the tree does not know of them yet
    assert not press.publisher.step()
    assert [kept.size for kept in press.kept()] == [3]


def test_the_file_beside_the_key_has_the_last_checkpoint(press):
    press.publish(3)
    press.publish(1)
    assert press.log.file.read() == press.shown[-1]
    assert press.log.file.path == press.data_dir / "log-key.pem.checkpoint"
    assert press.log.file.path.stat().st_mode & 0o077 == 0


def test_what_was_signed_before_a_restart_is_published_again_and_not_signed_anew(press):
    press.publish(3)
    press.publisher = press.new_publisher()
    assert press.publish() == [3]
    assert press.publish(2) == [5]
    assert [kept.size for kept in press.kept()] == [3, 5]


def test_of_two_that_sign_at_once_one_is_first_and_the_other_takes_its_checkpoint_over(press):
    other = press.new_publisher()
    press.publish(2)
    assert other.step()
    press.append(1)
    press.follow()
    ahead = press.store.last
    press.store.last = overtaken_by(ahead, press.publisher.step)
    assert not other.step()  # somebody signed between its look and its signature
    press.store.last = ahead
    assert other.step()
    assert press.shown[-1] == press.shown[-2]
    assert [kept.size for kept in press.kept()] == [2, 3]


def overtaken_by(last, step):
    """Return a `last` after which somebody else takes a step, once."""
    steps = [step]

    def look(log_id):
        found = last(log_id)
        if steps:
            steps.pop()()
        return found

    return look


def test_after_a_restart_nothing_is_published_before_the_tree_has_come_to_it_again(press):
    press.publish(300)
    press.renew_views()
    press.publisher = press.new_publisher()
    assert not press.publisher.step()
    assert press.publish(1) == [300, 301]


def test_who_shares_the_file_with_a_process_that_is_ahead_leaves_it_alone(press):
    late = press.new_publisher()
    assert late.step()
    press.publish(3)
    press.publish(2)
    (second,) = press.store.list_checkpoints(1, 1)
    press.store.last = lambda _: second  # it looked before the third was kept
    assert late.step()
    assert [press.open(note).size for note in press.shown] == [0, 0, 3, 5, 3]
    assert press.log.file.read() == press.shown[3]


def test_a_file_that_is_missing_is_written_again(press):
    press.publish(3)
    press.log.file.path.unlink()
    press.publisher = press.new_publisher()
    assert press.publish() == [3]
    assert press.log.file.read() == press.shown[-1]


def put_back(press: Press, position: int) -> None:
    """Make the ledger and its read models what they were at a position, as a restored copy of the files does."""
    tampered(press.ledger, f"DELETE FROM stored_events WHERE position > {position}")
    tampered(press.ledger, f"DELETE FROM checkpoints WHERE size > {position}")
    press.renew_views()
    press.publisher = press.new_publisher()
    press.follow()


def test_an_older_ledger_is_refused_by_what_the_file_remembers(press):
    press.publish(3)
    press.publish(4)
    put_back(press, 3)
    with pytest.raises(
        ContradictionError, match=r"ends at position 3, but a checkpoint was signed for 7: .*new-origin"
    ):
        press.publisher.step()
    assert [kept.size for kept in press.kept()] == [3]


def test_an_older_ledger_that_has_grown_again_is_refused(press):
    press.publish(3)
    press.publish(4)
    put_back(press, 3)
    press.append(5)
    press.follow()
    with pytest.raises(ContradictionError, match="of 8 events does not agree with the checkpoint signed for 7"):
        press.publisher.step()


def test_a_ledger_that_has_forgotten_only_the_checkpoint_keeps_it_again(press):
    press.publish(3)
    press.publish(4)
    tampered(press.ledger, "DELETE FROM checkpoints WHERE size = 7")
    press.publisher = press.new_publisher()
    assert not press.publisher.step()
    assert press.publish() == [7]
    assert [kept.size for kept in press.kept()] == [3, 7]


def test_a_ledger_that_has_shrunk_while_it_is_served_is_noticed(press):
    press.publish(3)
    tampered(press.ledger, "DELETE FROM stored_events WHERE position = 3")
    press.connection.execute("UPDATE log_tiles SET hashes = substr(hashes, 1, 64)")
    with pytest.raises(ContradictionError, match="ends at position 2"):
        press.publisher.step()


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE stored_events SET state = X'7B7D' WHERE position = 5", "digest of the event at position 5 is not"),
        ("UPDATE stored_events SET event_sha256 = zeroblob(32), state = NULL WHERE position = 5", "is not the one in"),
        ("UPDATE stored_events SET recorded_us = recorded_us + 1 WHERE position = 5", "position 5 is not the one in"),
        ("DELETE FROM stored_events WHERE position = 5", "the ledger has no event at position 5"),
    ],
)
def test_an_event_that_is_not_the_one_in_the_tree_is_never_signed(press, statement, what):
    press.publish(3)
    press.append(2)
    press.follow()
    tampered(press.ledger, statement)
    with pytest.raises(ContradictionError, match=what):
        press.publisher.step()
    assert [kept.size for kept in press.kept()] == [3]


def test_a_tree_that_was_altered_below_what_was_signed_is_never_signed(press):
    press.publish(3)
    press.append(2)
    press.follow()
    press.connection.execute("UPDATE log_tiles SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)")
    with pytest.raises(ContradictionError, match="does not agree with the checkpoint signed for 3"):
        press.publisher.step()


def test_a_tile_that_is_missing_is_never_signed_over(press):
    press.publish(256)
    press.append(2)
    press.follow()
    press.connection.execute("DELETE FROM log_tiles WHERE level = 1")
    with pytest.raises(BrokenLogError):
        press.publisher.step()


@pytest.mark.parametrize("note", [b"", b"ledger.example/log\n3\n", b"other.example/log\n0\n\n"])
def test_a_file_that_holds_something_else_stops_everything(press, note):
    press.publish(3)
    press.log.file.write(note)
    press.publisher = press.new_publisher()
    with pytest.raises(ContradictionError, match=r"log-key\.pem\.checkpoint is no checkpoint of this log"):
        press.publisher.step()


def test_a_kept_checkpoint_of_another_key_stops_everything(press):
    press.publish(3)
    tampered(press.ledger, "UPDATE checkpoints SET note = CAST(replace(note, '3', '4') AS BLOB)")
    press.publisher = press.new_publisher()
    with pytest.raises(ContradictionError, match="kept checkpoint 1 is no checkpoint of this log"):
        press.publisher.step()


def test_a_ledger_that_is_away_is_tried_again(press):
    press.append(3)
    press.follow()
    with closing(sqlite3.connect(press.ledger)) as connection:
        connection.execute("ALTER TABLE checkpoints RENAME TO gone")
    with pytest.raises(StoreUnavailableError):
        press.publisher.step()
    with closing(sqlite3.connect(press.ledger)) as connection:
        connection.execute("ALTER TABLE gone RENAME TO checkpoints")
    assert press.publish() == [3]
