"""A running service, asked over HTTP."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

import httpx

from service.audit.findings import AuditError
from service.audit.sources import AUDIENCES, Json, position_of, whole_notes

A = TypeVar("A")

_ATTEMPTS = 5
_PAUSE_S = 1.0
_NDJSON = {"Accept": "application/x-ndjson"}
_BUSY = frozenset({429, 502, 503, 504})
_GONE = frozenset({404, 410})


class HttpSource:
    """A service, as a reader of one audience sees it."""

    can_be_asked_again = True

    def __init__(self, client: httpx.Client, audience: str, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause` waits so many seconds before what failed is tried again."""
        self._client = client
        self._audience = {"audience": audience}
        self._pause = pause
        self.is_complete = audience == AUDIENCES[-1]

    def read(self, path: str) -> bytes | None:
        """Return a file of the log, None where there is none."""
        return self.get(f"/log/{path}")

    def checkpoints(self) -> Iterator[tuple[str, bytes]]:
        """Yield the checkpoints that the service has kept."""
        with self._client.stream("GET", "/log/checkpoints") as response:
            if response.status_code in _GONE:
                return
            if response.status_code != httpx.codes.OK:
                response.read()
                _check(response)
            for notes in whole_notes(response.iter_bytes()):
                yield "checkpoints", notes

    def events(self, after: int) -> Iterator[bytes]:
        """Yield the lines of the records after a position, in the order of the ledger; what breaks off is taken up."""
        failed = 0
        while True:
            try:
                for line in self._lines("/v1/events", {"after": str(after)}):
                    after, failed = position_of(line) or after, 0
                    yield line
            except httpx.TransportError as error:
                failed += 1
                self._wait(failed, str(error) or type(error).__name__)
            else:
                return

    def claims(self, position: int) -> Iterator[Sequence[Json]]:
        """Yield the claims as they are shown as of a position, a page at a time."""
        query = {"position": str(position), "min_position": str(position), "sort": "claim_id", "limit": "200"}
        cursor: str | None = None
        while True:
            page = self._json("/v1/claims", query | ({"cursor": cursor} if cursor else {})) or {}
            yield page.get("claims", [])
            cursor = page.get("next")
            if cursor is None:
                return

    def history(self, claim_id: str) -> Iterator[bytes]:
        """Yield the lines of a claim's records, as they are now; none where there is no such claim."""
        path = f"/v1/claims/{quote(claim_id, safe='')}/history"
        yield from self._tried(lambda: list(self._lines(path, {})))

    def claim(self, claim_id: str) -> Json | None:
        """Return a claim as it is shown now."""
        return self._json(f"/v1/claims/{quote(claim_id, safe='')}", {})

    def record(self, event_id: str) -> bytes | None:
        """Return the record of one event."""
        return self.get(f"/v1/events/{event_id}", self._audience)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes | None:
        """Return what is there, None where there is nothing. Raises AuditError."""
        return self._tried(lambda: self._body(path, query))

    def _body(self, path: str, query: Mapping[str, str] | None) -> bytes | None:
        response = self._client.get(path, params=query)
        if response.status_code in _GONE:
            return None
        _check(response)
        return response.content

    def _json(self, path: str, query: Mapping[str, str]) -> Json | None:
        body = self.get(path, {**query, **self._audience})
        if body is None:
            return None
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise AuditError(f"{path} is answered with something else than a JSON object")
        return found

    def _lines(self, path: str, query: Mapping[str, str]) -> Iterator[bytes]:
        with self._client.stream("GET", path, params={**query, **self._audience}, headers=_NDJSON) as response:
            if response.status_code in _GONE:
                return
            if response.status_code != httpx.codes.OK:
                response.read()
                _check(response)
            rest = b""
            for part in response.iter_bytes():
                *lines, rest = (rest + part).split(b"\n")
                yield from (line + b"\n" for line in lines)
            if rest:
                yield rest

    def _tried(self, ask: Callable[[], A]) -> A:
        failed = 0
        while True:
            try:
                return ask()
            except httpx.TransportError as error:
                failed += 1
                self._wait(failed, str(error) or type(error).__name__)

    def _wait(self, failed: int, why: str) -> None:
        if failed >= _ATTEMPTS:
            raise AuditError(f"{self._client.base_url} does not answer: {why}")
        self._pause(_PAUSE_S)


class _BusyError(httpx.TransportError):
    """The service can not answer now: as good as a connection that broke."""


def _check(response: httpx.Response) -> None:
    if response.status_code in _BUSY:
        raise _BusyError(f"it answers {response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise AuditError(f"{response.request.url.path} is answered with {response.status_code}: {_detail(response)}")


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return " ".join(response.text[:300].split())
