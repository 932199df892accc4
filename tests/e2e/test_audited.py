"""An auditor looks at a running ledger, and at one whose database somebody has changed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.service_process import ServiceProcess


@dataclass
class Audited:
    """A running service with the example story, and who audits it."""

    service: ServiceProcess
    data_dir: Path
    verifier_key: str
    auditor_key: str

    def verify(self, *options: str) -> tuple[int, list[str]]:
        """Return the exit code of `onrecord verify`, and its lines."""
        arguments = ("--key", self.verifier_key, "--api-key", self.auditor_key, *options)
        done = self.service.command("verify", self.service.url, *arguments)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    def tamper(self, file: str, *statements: str) -> None:
        """Change a database behind everybody's back, between two runs of the service."""
        self.service.stop()
        with closing(sqlite3.connect(self.data_dir / file, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                assert connection.execute(statement).rowcount != 0
        self.service.start()


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Audited]:
    with ServiceProcess(tmp_path / "data") as service:
        importer = service.create_key("importer", "importer")
        assert service.command("demo", "--key", importer, "--url", service.url).returncode == 0
        with service.client(importer) as client:
            last = {"type": "ClaimReported", "data": {"claim": {"text": "A text."}, "speaker": {"name": "D"}}}
            client.post("/v1/events?wait=published", json=last).raise_for_status()
            key = client.get("/log/key").text.strip()
        yield Audited(service, tmp_path / "data", key, service.create_key("auditor", "auditor"))


def test_a_running_ledger_is_verified_mirrored_and_gives_evidence(audited: Audited, tmp_path: Path):
    code, lines = audited.verify("--state", str(tmp_path / "state"))
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith("verified: 37 entries, 37 events (0 erased, ")
    assert audited.verify("--state", str(tmp_path / "state"))[1][0].startswith(
        "verified: 37 entries from position 38 on"
    )
    command, url = audited.service.command, audited.service.url
    copy, pack = str(tmp_path / "copy"), str(tmp_path / "pack")
    assert command("mirror", url, copy, "--api-key", audited.auditor_key).returncode == 0
    assert command("verify", copy, "--key", audited.verifier_key).returncode == 0
    with audited.service.client() as client:
        claim = client.get("/v1/claims?limit=1").json()["claims"][0]["claim_id"]
    assert command("export", "--claim", claim, "--proofs", "--output", pack, "--url", url).returncode == 0
    assert command("verify", pack, "--key", audited.verifier_key).returncode == 0


def test_the_public_verifies_what_it_may_read(audited: Audited):
    done = audited.service.command("verify", audited.service.url, "--key", audited.verifier_key)
    assert (done.returncode, done.stderr) == (0, "")


BIT = """
    UPDATE stored_events
    SET state = CAST(replace(CAST(state AS TEXT), '"salt":"', '"salt":"A') AS BLOB)
    WHERE position = 5
"""
DROP = "DELETE FROM stored_events WHERE position = 5"
KEEP = "CREATE TEMP TABLE kept AS SELECT position, state FROM stored_events"
SWAP = """
    UPDATE stored_events
    SET state = (SELECT kept.state FROM kept WHERE kept.position = 14 - stored_events.position)
    WHERE position IN (6, 8)
"""
STANDING = """
    UPDATE claims
    SET item = CAST(replace(CAST(item AS TEXT), '"reports":1,', '"reports":2,') AS BLOB)
"""


@pytest.mark.parametrize(
    ("file", "statements", "expected"),
    [
        ("ledger.db", [BIT], ["position 5: event: found digest"]),
        ("ledger.db", [DROP], ["position 5: missing: found no event"]),
        ("ledger.db", [KEEP, SWAP], ["position 6: event: found digest", "position 8: event: found digest"]),
        ("views.db", [STANDING], [": standing: found claim.standing.counts.reports 2, expected 1"]),
    ],
)
def test_whoever_changes_the_database_is_found_out(audited: Audited, file, statements, expected):
    audited.tamper(file, *statements)
    code, lines = audited.verify()
    assert code == 1
    for each in expected:
        assert any(each in line for line in lines), lines
