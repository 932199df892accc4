"""The service with parts taken out, to see what each of them costs. It is never run like this: it forgets, or hides.

python -m benchmarks.partial recorded serve --port 0
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from unittest.mock import patch

from api.ports import Outcome
from domain.commands import RecordEvent
from domain.receipt import Receipt
from service.following import Following
from service.ledger import SequencedLedger
from service.looping import Looping
from service.publishing.thread import Publishing
from service.start import main as start

_POSITIONS = count(1)

Taken = Sequence[tuple[type, str, Callable[..., object]]]


async def _answer(_: SequencedLedger, groups: Sequence[Sequence[RecordEvent]]) -> Sequence[Outcome]:
    """Answer as if it had been recorded."""
    return [tuple(map(_receipt, group)) for group in groups]


def _receipt(command: RecordEvent) -> Receipt:
    return Receipt(
        event_id=command.event.event_id or "00000000-0000-4000-8000-000000000000",
        claim_id=command.event.claim_id or "bench",
        claim_version=1,
        position=next(_POSITIONS),
        recorded_at="2026-01-01T00:00:00.000000Z",
        event_sha256="0" * 64,
    )


def _wait(self: Looping) -> None:
    while not self.is_stopping():
        self.pause(1)


_NO_READ_MODELS: Taken = [(Following, "run", _wait), (Publishing, "run", _wait)]
PARTS: Mapping[str, Taken] = {
    "answered": [*_NO_READ_MODELS, (SequencedLedger, "record", _answer)],
    "recorded": _NO_READ_MODELS,
}
"""What is left: posts are read and answered; or they are recorded too, and nobody sees them."""


def main() -> None:
    """Run a command of the service as far as the first argument says."""
    taken = PARTS[sys.argv.pop(1)]
    with ExitStack() as stack:
        for owner, name, instead in taken:
            stack.enter_context(patch.object(owner, name, instead))
        start()


if __name__ == "__main__":
    main()
