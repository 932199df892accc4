"""Takes records out of a running service, as they stand there when it is asked."""

from collections.abc import Callable
from typing import BinaryIO, Literal
from urllib.parse import quote

import httpx

_MEDIA_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
Tell = Callable[[int, int | None], None]


class ExportFailedError(Exception):
    """The service does not give the records."""


def export_records(
    client: httpx.Client, claim_id: str | None, form: Literal["ndjson", "csv"], file: BinaryIO, tell: Tell
) -> int:
    """Write the records of a claim, of the whole ledger without one, and return how many lines that makes.

    `tell` hears how far it is: the ledger's last position is how many there may be for who reads all.
    Raises ExportFailedError, httpx.HTTPError where the connection breaks.
    """
    path = "/v1/events" if claim_id is None else f"/v1/claims/{quote(claim_id, safe='')}/history"
    with client.stream("GET", path, headers={"Accept": _MEDIA_TYPES[form]}) as response:
        if response.status_code != httpx.codes.OK:
            response.read()
            raise ExportFailedError(f"the service answers {response.status_code}: {_detail(response)}")
        total = int(response.headers["Onrecord-Position"]) if claim_id is None else None
        lines = 0
        for part in response.iter_bytes():
            file.write(part)
            lines += part.count(b"\n")
            tell(lines, total)
    return lines


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return response.text[:300]
