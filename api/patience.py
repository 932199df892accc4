"""Recording many events for a client that can wait: what is unavailable now is tried again for a while."""

import asyncio
from collections.abc import Iterator, Sequence

from api.ports import Ledger, Outcome, OutcomeUnknownError, UnavailableError
from domain.commands import RecordEvent

_FIRST_DELAY_S = 0.02
_LONGEST_DELAY_S = 1.0


async def record_patiently(ledger: Ledger, commands: Sequence[RecordEvent], patience_s: float) -> list[Outcome]:
    """Return the outcome of each command, each a group of its own; UnavailableError where waiting was in vain."""
    outcomes = await _record(ledger, commands)
    for delay_s in _delays(patience_s):
        waiting = [place for place, outcome in enumerate(outcomes) if _may_be_tried_again(outcome)]
        if not waiting:
            break
        await asyncio.sleep(delay_s)
        again = await _record(ledger, [commands[place] for place in waiting])
        for place, outcome in zip(waiting, again, strict=True):
            outcomes[place] = outcome
    return outcomes


async def _record(ledger: Ledger, commands: Sequence[RecordEvent]) -> list[Outcome]:
    if not commands:
        return []
    try:
        return list(await ledger.record([(command,) for command in commands]))
    except UnavailableError as error:
        return [error] * len(commands)


def _may_be_tried_again(outcome: Outcome) -> bool:
    # What may have been recorded is not for us to try again: an event without an id would be there twice.
    return isinstance(outcome, UnavailableError) and not isinstance(outcome, OutcomeUnknownError)


def _delays(patience_s: float) -> Iterator[float]:
    """Yield ever longer delays, that come to `patience_s` and not much more."""
    delay_s = _FIRST_DELAY_S
    while patience_s > 0:
        yield delay_s
        patience_s -= delay_s
        delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
