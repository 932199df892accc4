"""An answer is given again as of the same position, to the same audience, and never after."""

import pytest

from api.kept import KeptAnswer, KeptAnswers

ADDRESS = ("/v1/claims/some-claim", b"", 0)
ANSWER = KeptAnswer(b"{}", "tag")


def kept(max_bytes: int = 100) -> KeptAnswers:
    answers = KeptAnswers(max_bytes)
    answers.move_to(5)
    answers.keep(ADDRESS, 5, ANSWER)
    return answers


def test_what_was_answered_is_known_as_of_the_same_position():
    assert kept().find(ADDRESS, 5) is ANSWER


@pytest.mark.parametrize("address", [("/other", b"", 0), (ADDRESS[0], b"limit=1", 0), (ADDRESS[0], b"", 1)])
def test_another_address_or_audience_knows_nothing_of_it(address):
    assert kept().find(address, 5) is None


def test_all_is_forgotten_when_the_read_models_move():
    answers = kept()
    assert answers.find(ADDRESS, 6) is None
    assert answers.find(ADDRESS, 5) is None


def test_what_was_asked_for_before_they_moved_is_not_kept():
    answers = kept()
    answers.move_to(6)
    answers.keep(ADDRESS, 5, ANSWER)
    assert answers.find(ADDRESS, 6) is None


def test_what_takes_too_much_memory_makes_room():
    answers = kept(max_bytes=3)
    other = ("/other", b"", 0)
    answers.keep(other, 5, ANSWER)
    assert (answers.find(ADDRESS, 5), answers.find(other, 5)) == (None, ANSWER)


@pytest.mark.parametrize("path", ["/v1/claims/some-claim", "/v1/claims", "/v1/claims/some-claim/history", "/v1/events"])
def test_a_poll_reads_again_only_what_may_have_changed(client, world, path):
    world.kept = KeptAnswers()
    first, asked = client.get(path), len(world.views.asked)
    again = client.get(path)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert len(world.views.asked) == asked
    world.views.position += 1
    assert client.get(path).headers["onrecord-position"] == "8"
    assert len(world.views.asked) > asked


def test_nothing_is_kept_while_nobody_knows_whether_the_read_models_have_moved():
    known = [True]
    answers = KeptAnswers(is_current=lambda: known[0])
    answers.move_to(5)
    answers.keep(ADDRESS, 5, ANSWER)
    known[0] = False
    assert answers.find(ADDRESS, 5) is None
    answers.keep(ADDRESS, 5, ANSWER)
    known[0] = True
    assert answers.find(ADDRESS, 5) is None
