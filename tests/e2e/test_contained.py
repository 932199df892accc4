"""What leaves the service: no secret in its logs, and no file but in its data directory."""

import json
import os
import re
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.service_process import ServiceProcess

FOLDER = Path(__file__).parents[2]
BOOTSTRAP = "a-bootstrap-secret-of-over-32-characters"
SAID = "What-the-source-said-in-confidence"
WRITES = os.O_WRONLY | os.O_RDWR


def event_about(text: str) -> dict[str, object]:
    data = {"claim": {"text": text}, "speaker": {"name": text}, "note": text}
    return {"type": "ClaimReported", "claim_id": "one", "classification": "confidential", "data": data}


def use(client: httpx.Client, secret: str) -> None:
    """Do what a client does, right and wrong."""
    client.post("/v1/events?wait=published", json=event_about(SAID))
    client.post("/v1/events", json={**event_about(SAID), SAID: SAID})
    client.post("/v1/events", content=SAID.encode(), headers={"Content-Type": "application/json"})
    client.post("/v1/events", content=f"{json.dumps(event_about(SAID))}\n{SAID}\n", headers=NDJSON)
    for path in (f"/v1/claims?q={SAID}", "/v1/claims/one/history", f"/v1/events?key={secret}", f"/{SAID}", "/metrics"):
        client.get(path)


NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_and_nothing_that_was_said_is_ever_logged(tmp_path: Path, form: str):
    settings = {"bootstrap_admin_key": BOOTSTRAP, "log_level": "debug", "log_format": form}
    with ServiceProcess(tmp_path / "data", **settings) as service:
        made, wrong = service.create_key("desk", "editor"), "onrecord_somebody-elses"
        for key in (BOOTSTRAP, made, wrong):
            with service.client(key) as client:
                use(client, key)
        service.command("rebuild")
        service.restart()
        shown = service.command("keys", "list").stdout + service.command("accesses").stdout
    logged = service.log_path.read_text()
    assert "serving" in logged
    for secret in (BOOTSTRAP, made, wrong, SAID, "PRIVATE KEY"):
        assert secret not in logged + shown


def test_the_password_of_a_database_that_is_away_is_told_to_nobody(tmp_path: Path):
    url = "postgresql://onrecord:a-telling-password@127.0.0.1:1/onrecord"
    ended = ServiceProcess(tmp_path / "data", database_url=url).command("serve", "--port", "0")
    assert ended.returncode == 2
    assert "telling" not in ended.stdout + ended.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_what_is_written_goes_to_the_data_directory_or_to_that_for_temporary_files(service: ServiceProcess):
    with service.client(service.create_key("desk", "editor")) as client:
        use(client, "any")
        written = written_by(service.pid)
    assert any(path.endswith("/ledger.db") for path in written)
    data_dir = service.environment["ONRECORD_DATA_DIR"]
    assert {path for path in written if not path.startswith((data_dir, str(service.log_path)))} == set()


def written_by(pid: int) -> set[str]:
    """Return the files, and nothing else, that a process has open to write."""
    found = set()
    for place in Path(f"/proc/{pid}/fd").iterdir():
        target = str(place.readlink())
        flags = int(re.findall(r"flags:\s*(\d+)", (place.parents[1] / "fdinfo" / place.name).read_text())[0], 8)
        if flags & WRITES and target.startswith("/") and not target.startswith("/dev/"):
            found.add(target)
    return found


def test_the_image_runs_as_nobody_who_may_write_to_it():
    stages = (FOLDER / "Dockerfile").read_text().split("FROM ")
    last = stages[-1]
    assert re.findall(r"^USER (\S+)", last, re.MULTILINE) == ["onrecord"]
    assert re.findall(r"useradd --system --uid (\d+)", last) == ["10001"]
    assert last.index("COPY --from=build") < last.index("\nUSER "), "what is copied is root's"
    assert "PYTHONDONTWRITEBYTECODE=1" in last
    composed = (FOLDER / "compose.yaml").read_text().partition("services:")[0]
    assert "read_only: true" in composed
    assert "tmpfs: [/tmp]" in composed
