"""Receipts as clients get them."""

from collections.abc import Iterable
from dataclasses import asdict

from api.errors import NotYetProjectedError, NotYetPublishedError, RetryLaterError
from api.ports import Ports
from api.queries import Wait
from domain.receipt import Receipt

WAIT_S = 5.0


def receipt_members(receipt: Receipt) -> str:
    """Return the members of the receipt's JSON object, without its braces.

    None of its texts can hold what JSON would escape: ids, digits and instants.
    """
    return (
        f'"event_id":"{receipt.event_id}","claim_id":"{receipt.claim_id}",'
        f'"claim_version":{receipt.claim_version},"position":{receipt.position},'
        f'"recorded_at":"{receipt.recorded_at}","event_sha256":"{receipt.event_sha256}",'
        f'"duplicate":{"true" if receipt.duplicate else "false"}'
    )


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt's JSON."""
    return f"{{{receipt_members(receipt)}}}".encode()


def encode_receipts(receipts: Iterable[Receipt]) -> bytes:
    """Return the JSON of the receipts of one array."""
    return b'{"receipts":[' + b",".join(map(encode_receipt, receipts)) + b"]}"


async def wait_as_asked(ports: Ports, wait: Wait | None, receipts: Iterable[Receipt]) -> None:
    """Wait until the events are where the client wants them.

    Raises NotYetProjectedError, NotYetPublishedError, which carry the receipts.
    """
    recorded = list(receipts)
    error = await find_late(ports, wait, max(receipt.position for receipt in recorded))
    if error is not None:
        error.members = {"receipts": [asdict(receipt) for receipt in recorded]}
        raise error


async def find_late(
    ports: Ports, wait: Wait | None, position: int, timeout_s: float = WAIT_S
) -> RetryLaterError | None:
    """Wait until a position is where the client wants it; return what to tell where it takes too long."""
    if wait == "projected" and not await ports.views.wait_for(position, timeout_s):
        return NotYetProjectedError(f"recorded at position {position}, which reads do not show yet")
    if wait == "published" and not await ports.log.wait_for(position, timeout_s):
        return NotYetPublishedError(f"recorded at position {position}, which no checkpoint covers yet")
    return None
