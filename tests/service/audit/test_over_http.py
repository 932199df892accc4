"""A service is verified, from where the last run ended, and mirrored, whatever breaks meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from projections.log.verify.notes import parse_key
from service.audit.findings import AuditError, Findings, GaveUpError, Violation
from service.audit.http_source import HttpSource
from service.audit.mirroring import mirror_ledger
from service.audit.sources import Manifest
from service.audit.state import State, read_state, write_state
from tests.projections.log.signing import Signer
from tests.service.audit.auditing import audit, places, unseen
from tests.service.audit.fake_service import FakeService, serving
from tests.service.audit.published import Published, edit, flip, golden_lines, record


class Ledger:
    """A served ledger that grows, and an auditor who looks at it."""

    def __init__(self, folder: Path, client: httpx.Client, fake: FakeService) -> None:
        self.folder = folder
        self.fake = fake
        self.waited: list[float] = []
        self._client = client
        self._grown = 0

    def grow(self, size: int, published: Published | None = None) -> None:
        self._grown += 1
        self.fake.folder = (published or Published()).write(self.folder / str(self._grown), size)

    def source(self, audience: str = "desk") -> HttpSource:
        return HttpSource(self._client, audience, self.waited.append)

    def verify(self, remembered: State | None = None, audience: str = "desk") -> tuple[list[Violation], State]:
        found, outcome = audit(self.source(audience), remembered=remembered)
        assert outcome is not None, found
        return found, outcome[1]

    def mirror(self, folder: Path) -> int:
        manifest = Manifest(url="http://ledger.example", audience="desk")
        return mirror_ledger(self.source(), folder, manifest, Findings(lambda _: None), unseen)

    def asked_for(self, path: str) -> int:
        return sum(each.startswith(path) for each in self.fake.asked)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    fake = FakeService(tmp_path)
    with serving(fake) as url, httpx.Client(base_url=url, trust_env=False) as client:
        running = Ledger(tmp_path / "served", client, fake)
        running.grow(16)
        yield running


def test_a_service_is_verified(ledger):
    assert ledger.verify()[0] == []


def test_a_reader_who_may_not_read_all_misses_nothing(ledger):
    events = next((ledger.fake.folder / "events").iterdir())
    hidden = {"a-name"}
    edit(events, lambda body: b"".join(line for line in body.splitlines(True) if b'"a-name"' not in line))
    (claims,) = ledger.fake.folder.glob("claims-*")
    edit(claims, lambda body: b"".join(x for x in body.splitlines(True) if json.loads(x)["claim_id"] not in hidden))
    assert ledger.verify(audience="public")[0] == []
    assert {kind for kind, _ in places(ledger.verify()[0])} == {"missing"}


def test_previous_of_what_is_hidden_is_in_the_log(ledger):
    # The claim's second event is hidden: the third names its digest.
    second = next(line for line in golden_lines() if line["event"] and line["event"]["claim_version"] == 2)
    position = second["position"]
    hidden = b'{"position":%d,' % position
    events = next((ledger.fake.folder / "events").iterdir())
    edit(events, lambda body: b"".join(x for x in body.splitlines(True) if not x.startswith(hidden)))
    assert "previous" not in {kind for kind, _ in places(ledger.verify(audience="public")[0])}
    edit(events, lambda body: body.replace(second["event_sha256"].encode(), b"ab" * 32))
    assert "previous" in {kind for kind, _ in places(ledger.verify(audience="public")[0])}


def test_the_next_run_begins_where_the_last_one_ended(ledger, tmp_path):
    ledger.grow(7)
    _, state = ledger.verify()
    write_state(tmp_path / "state", state)
    remembered = read_state(tmp_path / "state", parse_key(Signer().verifier_key))
    assert remembered == state
    ledger.grow(16)
    ledger.fake.asked.clear()
    found, reached = ledger.verify(remembered)
    assert (found, reached.size) == ([], 16)
    assert ledger.asked_for("/v1/events?after=7&") == 1
    assert ledger.asked_for("/v1/claims?") == 0
    assert ledger.verify(reached)[0] == []


@pytest.mark.parametrize("position", [1, 9, 16])
def test_the_next_run_finds_a_changed_event_in_a_claim_that_has_new_ones(ledger, position):
    ledger.grow(7)
    _, state = ledger.verify()
    ledger.grow(16)
    changed = golden_lines()[position - 1]["event"]["salt"].encode()
    edit(next((ledger.fake.folder / "events").iterdir()), lambda body: flip(body, body.index(changed)))
    assert ("event", position) in places(ledger.verify(state)[0])


def test_the_next_run_finds_an_older_entry_that_was_changed(ledger):
    ledger.grow(7)
    _, state = ledger.verify()
    ledger.grow(16)
    edit(ledger.fake.folder / "tile/entries/000.p/16", lambda body: flip(body, 40))
    assert ("fork", 1) in places(ledger.verify(state)[0])


def test_the_next_run_finds_a_rewritten_history(ledger):
    ledger.grow(7)
    _, state = ledger.verify()
    ledger.grow(16, Published().change(3, occurred_text="another day"))
    assert {("fork", 3), ("root", None)} <= set(places(ledger.verify(state)[0]))


def test_a_state_of_another_log_or_a_damaged_one_is_refused(ledger, tmp_path):
    _, state = ledger.verify()
    key = parse_key(Signer().verifier_key)
    assert read_state(tmp_path / "none", key) is None
    path = tmp_path / "state"
    write_state(path, state)
    with pytest.raises(AuditError, match="remembers another log"):
        read_state(path, parse_key(Signer(name="another.example").verifier_key))
    edit(path, lambda body: body.replace(state.edge[0][2].hex().encode(), bytes(32).hex().encode()))
    with pytest.raises(AuditError, match="does not lead to its checkpoint"):
        read_state(path, key)
    path.write_text("{}")
    with pytest.raises(AuditError, match="no state of"):
        read_state(path, key)


def test_a_claim_that_moved_on_meanwhile_is_asked_for_again(ledger):
    # The events are read before the last one of them comes, the claims after it.
    early = b"".join(ledger.fake.records()[:-1])
    ledger.fake.broken["/v1/events"] = [(200, early)]
    found, _ = ledger.verify(audience="public")
    assert found == []


def test_a_list_that_is_wrong_where_the_claim_is_right_is_a_violation(ledger):
    wrong = json.dumps({"claims": [{**item, "standing": {}} for item in ledger.fake.items()], "next": None})
    ledger.fake.broken["/v1/claims"] = [(200, wrong.encode())]
    assert {kind for kind, _ in places(ledger.verify()[0])} == {"standing"}


def test_a_standing_that_stays_wrong_is_a_violation(ledger):
    (claims,) = ledger.fake.folder.glob("claims-*")
    edit(claims, lambda body: body.replace(b'"contested":true', b'"contested":false', 1))
    assert [kind for kind, _ in places(ledger.verify()[0])] == ["standing"]


def test_what_breaks_off_is_tried_again(ledger):
    ledger.fake.broken = {"/log/checkpoint": [(503, b"")], "/v1/events": [(502, b"")], "/v1/claims": [(429, b"")] * 4}
    assert ledger.verify()[0] == []
    assert ledger.waited == [1.0] * 6


@pytest.mark.parametrize(
    ("path", "answers", "why"),
    [
        ("/log/checkpoint", [(503, b"")] * 5, "does not answer: it answers 503"),
        ("/v1/events", [(401, b'{"detail":"a key is needed"}')], "/v1/events is answered with 401: a key is needed"),
        ("/v1/claims", [(500, b"oh  no")], "/v1/claims is answered with 500: oh no"),
        ("/v1/claims", [(200, b"[]")], "something else than a JSON object"),
    ],
)
def test_what_can_not_be_checked_is_told(ledger, path, answers, why):
    ledger.fake.broken[path] = answers
    with pytest.raises(AuditError, match=why):
        ledger.verify()


def test_a_mirror_is_verified_offline_and_goes_on(ledger, tmp_path):
    ledger.grow(7)
    folder = tmp_path / "mirror"
    assert ledger.mirror(folder) == 7
    assert audit(folder)[0] == []
    ledger.grow(16)
    ledger.fake.asked.clear()
    assert ledger.mirror(folder) == 16
    assert audit(folder)[0] == []
    assert ledger.asked_for("/v1/events?after=7&") == 1
    assert [path.name for path in sorted((folder / "seen").iterdir())] == ["000000000007"]
    ledger.fake.asked.clear()
    assert ledger.mirror(folder) == 16
    assert ledger.asked_for("/log/tile") == ledger.asked_for("/v1/events") == 0


def test_a_mirror_that_was_broken_off_is_whole_of_its_former_size(ledger, tmp_path):
    ledger.grow(7)
    folder = tmp_path / "mirror"
    ledger.mirror(folder)
    ledger.grow(16)
    ledger.fake.broken["/v1/claims"] = [(500, b"")]
    with pytest.raises(AuditError):
        ledger.mirror(folder)
    found, outcome = audit(folder)
    assert found == []
    assert outcome is not None
    assert outcome[0].size == 7
    segment = folder / "events" / "000000000001.ndjson"
    segment.write_bytes(segment.read_bytes()[:-9])
    assert ledger.mirror(folder) == 16
    assert audit(folder)[0] == []


def test_a_mirror_does_not_follow_a_rolled_back_or_rewritten_ledger(ledger, tmp_path):
    folder = tmp_path / "mirror"
    ledger.mirror(folder)
    for published, size in ((Published(), 12), (Published().change(3, occurred_text="another day"), 16)):
        ledger.grow(size, published)
        with pytest.raises(GaveUpError):
            ledger.mirror(folder)
    assert audit(folder)[0] == []


def test_a_mirror_of_a_rewritten_longer_ledger_is_found_out_by_what_it_had(ledger, tmp_path):
    ledger.grow(7)
    folder = tmp_path / "mirror"
    ledger.mirror(folder)
    ledger.grow(16, Published().change(3, occurred_text="another day"))
    ledger.mirror(folder)
    assert "fork" in {kind for kind, _ in places(audit(folder)[0])}


def test_a_folder_of_something_else_is_left_alone(ledger, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter").write_text("Dear all")
    with pytest.raises(AuditError, match=r"is no mirror: it has no mirror\.json"):
        ledger.mirror(tmp_path / "papers")
    folder = tmp_path / "mirror"
    ledger.mirror(folder)
    with pytest.raises(AuditError, match="take another folder"):
        mirror_ledger(ledger.source(), folder, Manifest(url="http://x", audience="desk"), Findings(print), unseen)
    (folder / "mirror.json").write_text("{}")
    with pytest.raises(AuditError, match="is damaged"):
        ledger.mirror(folder)


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("/log/checkpoint", (404, b""), "no log"),
        ("/log/checkpoint", (200, b"x\ny\n"), "no size and root"),
        ("/log/tile/0/000.p/16", (404, b""), "does not serve all of its log"),
        ("/v1/events", (200, b"nothing\n"), "is no record"),
    ],
)
def test_what_can_not_be_mirrored_is_told(ledger, tmp_path, path, answer, why):
    ledger.fake.broken[path] = [answer]
    with pytest.raises(AuditError, match=why):
        ledger.mirror(tmp_path / "mirror")


def test_what_is_erased_is_dropped_from_the_mirror_too(ledger, tmp_path):
    before, after = golden_lines()[:1], erased_first(golden_lines())
    ledger.grow(1, Published(before))
    folder = tmp_path / "mirror"
    ledger.mirror(folder)
    salt = before[0]["event"]["salt"].encode()
    assert salt in (folder / "events" / "000000000001.ndjson").read_bytes()
    ledger.grow(2, Published(after))
    ledger.mirror(folder)
    assert [path for path in folder.rglob("*") if path.is_file() and salt in path.read_bytes()] == []
    assert audit(folder)[0] == []


def test_an_event_erased_while_it_is_verified_is_no_violation(ledger):
    ledger.grow(2, Published(erased_first(golden_lines())))
    before = golden_lines()[0]
    early = [record(before, [before]), ledger.fake.records()[1]]
    ledger.fake.broken["/v1/events"] = [(200, b"".join(early))]
    assert ledger.verify()[0] == []


def test_the_next_run_misses_what_a_history_leaves_out(ledger):
    ledger.grow(7)
    _, state = ledger.verify()
    ledger.grow(16)
    last = golden_lines()[15]["event"]
    ledger.fake.broken[f"/v1/claims/{last['claim_id']}/history"] = [(200, b"{}\n")] * 3
    found = [each for each in ledger.verify(state)[0] if each.where != f"claim {last['claim_id']}"]
    assert ("missing", 16) in places(found)


def test_the_next_run_finds_an_older_event_that_the_log_has_not(ledger):
    ledger.grow(7)
    _, state = ledger.verify()
    ledger.grow(16)
    changed = Published().change(1, occurred_text="another day").write(ledger.folder / "changed", 1)
    edit(
        next((ledger.fake.folder / "events").iterdir()),
        lambda body: (changed / "events/000000000001.ndjson").read_bytes() + body[body.index(b"\n") + 1 :],
    )
    found = [each for each in ledger.verify(state)[0] if each.position == 1]
    assert [(each.kind, each.expected) for each in found] == [("event", "what the log has")]


def test_a_service_without_kept_checkpoints_is_verified_and_a_broken_one_told(ledger):
    ledger.fake.broken["/log/checkpoints"] = [(404, b""), (500, b"{}")]
    assert ledger.verify()[0] == []
    with pytest.raises(AuditError, match="/log/checkpoints is answered with 500"):
        ledger.verify()


def test_a_claim_without_events_is_told_beside_the_others(ledger):
    (claims,) = ledger.fake.folder.glob("claims-*")
    edit(claims, lambda body: b'{"claim_id":"aaa"}\n' + body)
    assert [each.where for each in ledger.verify()[0]] == ["claim aaa"]


def erased_first(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ledger's first event, erased, and the event that says so."""
    first, erasure = lines[0], next(x for x in lines if x["event"] and x["event"]["type"] == "EventErased")
    said = first["event"]
    erasure["position"] = 2
    erasure["event"] |= {"claim_id": said["claim_id"], "claim_version": 2, "previous": first["event_sha256"]}
    erasure["event"]["data"]["target_event_id"] = said["event_id"]
    names = ("event_id", "claim_id", "claim_version", "type", "recorded_at", "classification", "embargo_until")
    left = {name: said[name] for name in names} | {"target_event_id": None}
    return Published([first | {"event": None, "tombstone": left}, erasure]).change(2).lines
