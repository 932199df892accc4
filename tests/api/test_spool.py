"""Answers that nobody reads yet."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from api.spool import Spool


def test_what_is_over_the_limit_waits_in_a_file_and_comes_out_in_order():
    async def play():
        with Spool(memory_bytes=10) as spool:
            for piece in (b"12345", b"67890", b"abc", b"d"):
                spool.put(piece)
            assert spool.spilled_bytes == 4
            assert await spool.take() == b"12345"
            spool.put(b"e")
            assert [await spool.take(), await spool.take()] == [b"67890", b"abcde"]
            spool.put(b"f")
            assert (spool.spilled_bytes, await spool.take()) == (0, b"f")
            spool.close()
            assert await spool.take() == b""

    asyncio.run(play())


def test_taking_waits_for_what_is_put():
    async def play():
        with Spool() as spool:
            taking = asyncio.create_task(spool.take())
            await asyncio.sleep(0)
            assert not taking.done()
            spool.put(b"")
            spool.put(b"late")
            assert await taking == b"late"

    asyncio.run(play())


@given(st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=8))))
def test_bytes_come_out_as_they_went_in(steps):
    async def play():
        out, expected = b"", b""
        with Spool(memory_bytes=12) as spool:
            for step in steps:
                if step is not None:
                    spool.put(step)
                    expected += step
                elif len(out) < len(expected):
                    out += await spool.take()
            spool.close()
            while piece := await spool.take():
                out += piece
        assert out == expected

    asyncio.run(play())
