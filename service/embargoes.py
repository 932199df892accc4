"""Ends embargoes on time: the ledger itself posts what lets everybody read, so that no read looks at a clock."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid5

import structlog

from api.ports import Ledger, UnavailableError
from domain.audience import DESK
from domain.commands import Poster, RecordEvent
from domain.content import Reclassification
from domain.errors import Refusal
from domain.events import EventReclassified
from domain.times import SECOND_US
from projections.embargoes import Embargo

log = structlog.get_logger()

LEDGER = Poster(name="ledger", role="editor", audience=DESK)
"""Who posts what nobody posts. No key has this name."""

_NAMESPACE = UUID("5b1f6f0a-6d0e-5c46-9d3c-0f6b8f0d7a11")
_AT_ONCE = 500
_LONGEST_WAIT_S = 30.0


class EmbargoEnder:
    """A task that waits for the next embargo to end, and posts that it has."""

    def __init__(
        self,
        ledger: Ledger,
        now_us: Callable[[], int],
        list_ended: Callable[[int, int], Awaitable[list[Embargo]]],
        next_end: Callable[[], Awaitable[int | None]],
    ) -> None:
        """Read embargoes by `list_ended` (now, how many) and `next_end`."""
        self._ledger = ledger
        self._now_us = now_us
        self._list_ended = list_ended
        self._next_end = next_end
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Tell that there may be embargoes that it does not know. Runs on the event loop."""
        self._news.set()

    async def run(self) -> None:
        """End embargoes until cancelled."""
        while True:
            self._news.clear()
            try:
                wait_s = await self._end_due()
            except UnavailableError:
                wait_s = 1.0  # the read models are away: they are asked again
            with suppress(TimeoutError):
                # Not `wait_for`, which up to Python 3.11 forgets a cancellation that comes with news.
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def _end_due(self) -> float:
        """End the embargoes that are over, and return how long to wait for the next one."""
        ended = await self._list_ended(self._now_us(), _AT_ONCE)
        if ended:
            await self._end(ended)
        return self._wait_s(await self._next_end())

    def _wait_s(self, next_us: int | None) -> float:
        if next_us is None:
            return _LONGEST_WAIT_S
        wait_s = (next_us - self._now_us()) / SECOND_US
        # What has ended stays there until the read models show that: a second, not a busy loop.
        return min(wait_s, _LONGEST_WAIT_S) if wait_s > 0 else 1.0

    async def _end(self, ended: list[Embargo]) -> None:
        try:
            outcomes = await self._ledger.record([(_command(embargo),) for embargo in ended])
        except UnavailableError as error:
            outcomes = [error]
        for outcome in outcomes:
            # Refused is what has ended already: by an editor, or with the event that it corrects or retracts.
            if isinstance(outcome, Exception) and not isinstance(outcome, Refusal):
                log.warning("embargo_not_ended", error=outcome)


def _command(embargo: Embargo) -> RecordEvent:
    event = EventReclassified(
        type="EventReclassified",
        # Made of the embargo: after a restart, or from another node, it is a retry.
        event_id=str(uuid5(_NAMESPACE, f"{embargo.event_id} {embargo.until_us}")),
        claim_id=embargo.claim_id,
        data=Reclassification(target_event_id=embargo.event_id, embargo_until=None, reason="The embargo has ended."),
    )
    return RecordEvent(event=event, poster=LEDGER)
