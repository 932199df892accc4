"""What is scarce is shared out: exactly, and whatever anybody does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.shares import Shares

LIMIT = 12


def taken(*held: tuple[str, int]) -> Shares:
    shares = Shares()
    for who, amount in held:
        shares.take(who, amount)
    return shares


@pytest.mark.parametrize(
    ("held", "who", "amount", "may"),
    [
        ([], "a", 12, True),
        ([("a", 11)], "a", 1, True),
        ([("a", 12)], "a", 1, False),
        ([("a", 12)], "b", 12, True),
        ([("a", 12)], "b", 13, False),
        ([("a", 12), ("b", 5)], "b", 1, True),
        ([("a", 12), ("b", 5)], "a", 1, False),
        ([("a", 11), ("b", 6)], "b", 1, False),
        ([("a", 12), ("b", 6)], "c", 1, True),
        ([("a", 12), ("b", 6), ("c", 3)], "c", 1, False),
        ([("a", 12), ("b", 6), ("c", 6)], "d", 1, False),
    ],
)
def test_who_has_less_than_a_share_gets_more(held, who, amount, may):
    assert taken(*held).may_take(who, amount, LIMIT) is may


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans())))
def test_no_more_is_out_than_twice_the_limit_and_all_of_it_comes_back(steps):
    shares, out = Shares(), []
    for who, takes in steps * 5:
        if takes and shares.may_take(who, 1, LIMIT):
            shares.take(who, 1)
            out.append(who)
        elif not takes and who in out:
            out.remove(who)
            shares.give_back(who, 1)
        assert shares.total == len(out) <= 2 * LIMIT
    for who in out:
        shares.give_back(who, 1)
    assert shares.may_take("a", LIMIT, LIMIT)
    assert not taken(("a", LIMIT)).may_take("a", 1, LIMIT)
