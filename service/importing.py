"""Posts a file of events to a running service, in requests that can be repeated."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

LINES_PER_REQUEST = 5_000
_ATTEMPTS = 6
_NAMESPACE = uuid5(NAMESPACE_URL, "urn:onrecord:import")


class ImportFailedError(Exception):
    """The service did not take the events; what it had taken stays."""


@dataclass(slots=True)
class Outcome:
    """What became of the lines: how many were recorded, known already, and refused, and why."""

    recorded: int = 0
    known: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)  # Any: problems, as JSON
    position: int = 0


def import_lines(client: httpx.Client, lines: Iterable[bytes], progress: Callable[[int], None]) -> Outcome:
    """Post events, one JSON text a line; `progress` hears how many lines more are done.

    A line without an event id gets one that depends on its number and text, so that a repeated import
    records nothing twice. Raises ImportFailedError when the service stays away.
    """
    outcome = Outcome()
    numbered = enumerate(lines, start=1)
    while chunk := list(islice(numbered, LINES_PER_REQUEST)):
        _post(client, [_with_event_id(number, line) for number, line in chunk], chunk[0][0] - 1, outcome)
        progress(len(chunk))
    return outcome


def _with_event_id(number: int, line: bytes) -> bytes:
    if b'"event_id"' in line or not line.strip():
        return line.rstrip(b"\r\n")
    try:
        event = json.loads(line)
    except ValueError:
        return line.rstrip(b"\r\n")  # the service says what is wrong with it
    if isinstance(event, dict):
        event["event_id"] = str(uuid5(_NAMESPACE, f"{number}:{line.decode()}"))
    return json.dumps(event).encode()


def _post(client: httpx.Client, lines: Sequence[bytes], before: int, outcome: Outcome) -> None:
    """Post one chunk until it has an end; what a broken connection had recorded comes back as known."""
    reason = "nothing answers there"
    for attempt in range(_ATTEMPTS):
        try:
            answers = list(_answers(client, lines))
        except httpx.TransportError as error:
            if isinstance(error, httpx.ConnectError) and before == 0 and attempt == 0:
                break  # nobody there, rather than somebody who will be back
            reason = str(error)
        else:
            if answers and "end" in answers[-1]:
                _add(answers, before, outcome)
                return
            reason = str(answers[-1].get("error")) if answers else "no answer"
        time.sleep(min(2.0**attempt / 4, 5.0))
    raise ImportFailedError(f"the service does not take the events: {reason}")


def _answers(client: httpx.Client, lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    headers = {"Content-Type": "application/x-ndjson", "Accept": "application/x-ndjson"}
    with client.stream("POST", "/v1/events", content=b"\n".join(lines) + b"\n", headers=headers) as response:
        if response.status_code != httpx.codes.OK:
            response.read()
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                raise httpx.ReadError(response.text)
            raise ImportFailedError(f"the service answers {response.status_code}: {response.text[:300]}")
        for line in response.iter_lines():
            yield json.loads(line)


def _add(answers: Sequence[dict[str, Any]], before: int, outcome: Outcome) -> None:
    for answer in answers[:-1]:
        if "event_id" not in answer:
            outcome.refused.append({**answer, "line": before + int(answer["line"])})
        elif answer["duplicate"]:
            outcome.known += 1
        else:
            outcome.recorded += 1
    outcome.position = answers[-1]["end"]["position"]
