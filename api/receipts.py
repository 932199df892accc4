"""Receipts as clients get them."""

from collections.abc import Iterable
from dataclasses import asdict

from api.errors import NotYetProjectedError
from api.ports import Views
from domain.encoding import Json
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


async def wait_for_projection(views: Views, receipts: Iterable[Receipt]) -> None:
    """Wait until reads show the events. Raises NotYetProjectedError, which carries the receipts."""
    recorded = list(receipts)
    position = max(receipt.position for receipt in recorded)
    if not await views.wait_for(position, WAIT_S):
        members: dict[str, Json] = {"receipts": [asdict(receipt) for receipt in recorded]}
        raise NotYetProjectedError(f"recorded at position {position}, which reads do not show yet", members)
