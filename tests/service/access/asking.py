"""Asks as a reader, and makes answers comparable: what is about one thing, and what is about another."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.service.access.hidden import SHARED, THINGS, Thing, tell
from tests.service.access.readers import KEYS, Reader
from tests.service.access.rules import NDJSON, STREAM
from tests.service.in_process import Answer, InProcess, Until

CURSOR = re.compile(r'(?:"next":"|cursor=)[A-Za-z0-9_-]+')
CHECKPOINT = re.compile(r'<p id="checkpoint".*?</p>')
# What tells how much is on record, and nothing of it: documented as not hidden.
_NOT_HIDDEN = ("x-request-id", "onrecord-position")
_EVENT_IDS = re.compile(rb"^id: ", re.MULTILINE)
Fingerprint = tuple[int, dict[str, str], str]


@dataclass(slots=True)
class World:
    """The service, the keys of all readers, and what addresses may name."""

    service: InProcess
    keys: dict[str, str]
    named: dict[str, str] = field(default_factory=dict)

    def key_of(self, reader: Reader) -> str | None:
        return self.keys.get(reader.key_name)

    def ask(self, reader: Reader, way: str, thing: Thing, *, lowers: bool = True) -> Answer:
        """Return what the reader is answered about a thing; a stream as far as the lines of the same go."""
        path, _, accept = way.partition(" ")
        names = {"claim": thing.claim_id, "event": thing.event_id, "denial": thing.denial_id, "word": thing.word}
        path = path.format(**names, **self.named)
        path = reader.lower(path) if lowers else path
        headers = {"Accept": accept} if accept else {}
        until = None
        if accept == STREAM:
            lines = self.service.get(path, self.key_of(reader), headers={"Accept": NDJSON})
            until = _has_events(lines.body.count(b"\n"))
        return self.service.get(path, self.key_of(reader), headers=headers, until=until)

    def post_as_desk(self, stage: int) -> None:
        tell(self.service, self.keys["admin-2"], stage)


@contextmanager
def opened_world(folder: Path, stages: tuple[int, ...] = (0, 1, 2)) -> Iterator[World]:
    """Start a service with the things of some stages, all of them covered by a checkpoint."""
    with InProcess(folder / "data") as service:
        keys = {
            each.key_name: service.create_key(each.key_name, each.role, each.key_audience) for each in KEYS if each.role
        }
        world = World(service, keys)
        for stage in stages:
            world.post_as_desk(stage)
        said = {"type": "ClaimDenied", "claim_id": SHARED, "data": {"speaker": {"name": "Last"}}}
        end = service.post(said, keys["admin-2"], "/v1/events?wait=published").json()["position"]
        world.named = {"head": f"{end}", "size": f"{end}", "now": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        yield world


def about(answer: Answer, thing: Thing, instead: Thing) -> Fingerprint:
    """Return an answer as if it had been about another thing; without the ETag where that changes the body."""
    body = answer.body.decode("latin-1")
    headers = {name: value for name, value in answer.headers.items() if name not in _NOT_HIDDEN}
    for own, other in zip(_names(thing), _names(instead), strict=True):
        if own in body:
            headers.pop("etag", None)
            body = body.replace(own, other)
    return answer.status, headers, body


def without_head(answer: Answer) -> Fingerprint:
    """Return an answer without what says how much is on record: the checkpoint, and the position in a cursor."""
    body = answer.body.decode("latin-1")
    headers = {name: value for name, value in answer.headers.items() if name not in _NOT_HIDDEN}
    bare = CHECKPOINT.sub("", CURSOR.sub("", body))
    if '"checkpoint":' in bare:
        bare = json.dumps({**json.loads(bare), "checkpoint": None})
    if bare != body:
        headers = {name: value for name, value in headers.items() if name not in ("etag", "content-length")}
    return answer.status, headers, bare


def told_of(answer: Answer, things: list[Thing]) -> list[str]:
    """Return the things of which the answer has a word or an id."""
    whole = answer.body.decode("latin-1") + json.dumps(answer.headers)
    return [thing.name for thing in things if any(token in whole for token in thing.tokens)]


def hidden_from(audience: int) -> list[Thing]:
    return [thing for thing in THINGS if thing.audience > audience]


def _names(thing: Thing) -> tuple[str, ...]:
    return thing.word, thing.claim_id, thing.event_id, thing.denial_id


def _has_events(count: int) -> Until:
    return lambda body: len(_EVENT_IDS.findall(body)) >= count
