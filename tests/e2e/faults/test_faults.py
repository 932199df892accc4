"""Whatever fails at whichever write: no answered event is lost, none is invented, and the log verifies afterwards."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import pytest

from tests.e2e.faults.session import ERASURE, event

SHIM = Path(__file__).with_name("shim.c")
KINDS = {"killed": 1, "torn": 2, "eio": 3, "disk full": 4, "read-only": 5, "power loss": 6}
ASKED = {event(number)["event_id"] for number in (*range(1, 9), ERASURE)}
ENOUGH_S = 15
MOST_CALLS, AT_ONCE = 1_500, 25

Told = list[dict[str, Any]]


class Sessions:
    """Sessions with faults, each in a folder of its own."""

    def __init__(self, folder: Path, shim: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        with (folder / "stderr").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.faults.session"],
                env={**os.environ, "LD_PRELOAD": str(shim)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def run(self, kind: str, at: int, seed: int = 0) -> int:
        """Have a fault at the n-th call, look at what is left, and return how many calls there were."""
        root = self._folder / f"{next(self._numbers)}"
        root.mkdir()
        code, lived = self._order("live", root, KINDS[kind], at, seed)
        assert code == (0 if any("calls" in told for told in lived) else -9), (code, lived)
        code, found = self._order("examine", root, 0, 0, 0)
        assert code == 0, (code, found, (self._folder / "stderr").read_text()[-4000:])
        check(lived, found)
        shutil.rmtree(root)
        return next((told["calls"] for told in lived if "calls" in told), at)  # killed, it tells of none

    def _order(self, what: str, root: Path, kind: int, at: int, seed: int) -> tuple[int, Told]:
        answers = root.with_suffix(f".{what}")  # not below the root: no fault befalls it
        order = {"do": what, "root": str(root), "answers": str(answers), "kind": kind, "at": at, "seed": seed}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return code, [json.loads(line) for line in answers.read_text().splitlines()]


def check(lived: Told, found: Told) -> None:
    """Check what clients were told, before and after, against what is there."""
    for told in (*lived, *found):
        assert "failed" not in told, told
        # What is to be erased may not be there, where it was refused.
        assert told.get("status", 503) in (200, 201, 410, 422, 503, None), told
    assert not any("refused" in told for told in found), found
    said: dict[str, Any] = {key: value for told in found for key, value in told.items()}
    check_records(said["records"], lived)
    assert all(told["status"] in (200, 201, 410) for told in found if "asked" in told), found
    assert (said["reasons"], said["verified"], said["hidden"]) == ([], [], [])
    assert said["archive"] == "whole" or {"backup": True} not in lived


def check_records(records: Told, lived: Told) -> None:
    assert [record["position"] for record in records] == list(range(1, len(records) + 1))
    erased = [(record["erased"] or {}).get("event_id") for record in records]
    ids = [(record["event"] or {}).get("event_id") or gone for record, gone in zip(records, erased, strict=True)]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= ASKED, "an event that nobody has posted"
    digests = dict(zip(ids, (record["event_sha256"] for record in records), strict=True))
    for told in lived:
        if told.get("status") in (200, 201):
            for receipt in told["answer"].get("receipts", [told["answer"]]):
                assert digests.get(receipt["event_id"]) == receipt["event_sha256"], f"lost: {receipt}"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("faults at system calls need Linux and gcc")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SHIM, "-ldl", "-lpthread"], check=True)
    return library


@pytest.fixture
def sessions(shim: Path, tmp_path: Path) -> Iterator[Sessions]:
    sessions = Sessions(tmp_path, shim)
    yield sessions
    sessions.close()


def test_at_some_calls_whatever_fails_nothing_that_was_answered_is_lost(sessions):
    seed = Random().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # a failure is repeated with it
    random = Random(seed)
    calls = sessions.run("killed", 0)
    until_s = monotonic() + ENOUGH_S
    assert calls > 100
    while monotonic() < until_s:
        kind, at, lost = random.choice(list(KINDS)), random.randint(1, calls), random.getrandbits(16)
        print(f"{kind} at {at}, {lost}")  # noqa: T201
        sessions.run(kind, at, lost)


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1, MOST_CALLS, AT_ONCE))
@pytest.mark.parametrize("kind", KINDS)
def test_at_every_call_whatever_fails_nothing_that_was_answered_is_lost(sessions, kind, first):
    for at in range(first, first + AT_ONCE):
        if sessions.run(kind, at, at) < at:  # killed at a call, there were so many
            return
    assert at < MOST_CALLS, "there are calls at which nothing has failed yet"
