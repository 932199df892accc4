"""What the auditor's commands say, and their exit codes."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service import cli
from tests.projections.log.signing import Signer
from tests.service.audit.fake_service import serving
from tests.service.audit.published import Published, edit, flip
from tests.service.audit.test_evidence import CLAIM, publish

KEY = Signer().verifier_key
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch, capsys) -> Run:
    monkeypatch.delenv("ONRECORD_KEY", raising=False)

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["onrecord", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return publish(tmp_path / "served").folder


def test_a_mirror_is_verified(run, folder):
    code, out, _ = run("verify", folder, "--key", KEY)
    assert code == 0
    assert out.startswith("verified: 16 entries, 16 events (1 erased, 0 more not shown to this reader), ")
    code, out, _ = run("verify", folder, "--key", KEY, "--json")
    assert json.loads(out)["verified"] is True


def test_violations_are_told_one_a_line(run, folder):
    edit(folder / "tile/0/000.p/16", lambda body: flip(flip(body, 0), 64))
    code, out, _ = run("verify", folder, "--key", KEY)
    assert code == 1
    assert [line.partition(": found")[0] for line in out.splitlines()] == [
        "position 1, tile/0/000.p/16 hash 0: tile",
        "position 3, tile/0/000.p/16 hash 2: tile",
        "not verified: 2 violations",
    ]
    code, out, _ = run("verify", folder, "--key", KEY, "--json")
    assert json.loads(out.splitlines()[0])["position"] == 1
    assert json.loads(out.splitlines()[-1]) == {"verified": False, "violations": 2}


def test_a_state_is_kept_only_of_what_was_verified(run, folder, tmp_path):
    state = tmp_path / "state"
    assert run("verify", folder, "--key", KEY, "--state", state)[0] == 0
    before = state.read_bytes()
    shorter = Published().write(tmp_path / "shorter", size=12)
    code, out, _ = run("verify", shorter, "--key", KEY, "--state", state)
    assert (code, state.read_bytes()) == (1, before)
    assert out.startswith("position 13, the remembered checkpoint: rollback: found a checkpoint of 12 entries")


def test_a_service_is_mirrored_and_evidence_taken(run, folder, tmp_path):
    fake = publish(folder)
    with serving(fake) as url:
        assert run("verify", url, "--key", KEY, "--api-key", "k", "--state", tmp_path / "state")[0] == 0
        code, out, _ = run("mirror", url, tmp_path / "copy", "--api-key", "k")
        assert (code, out) == (0, f"{tmp_path / 'copy'}: 16 events of {url}\n")
        pack = tmp_path / "pack"
        code, out, _ = run("export", "--claim", CLAIM, "--proofs", "--output", pack, "--key", "k", "--url", url)
        assert (code, out) == (0, f"{pack}: evidence of claim {CLAIM}\n")
    assert run("verify", tmp_path / "copy", "--key", KEY)[0] == 0
    code, out, _ = run("verify", pack, "--key", KEY)
    assert (code, out.endswith(" in the log of log.example/onrecord\n")) == (0, True)
    assert run("verify", pack)[1].endswith(f"compare it with the one that you know: {KEY}\n")
    assert run("verify", pack, "--key", Signer(seed=b"\x01" * 32).verifier_key)[0] == 1


def test_a_mirror_of_a_rolled_back_service_is_left_as_it_is(run, folder, tmp_path):
    fake = publish(folder)
    with serving(fake) as url:
        assert run("mirror", url, tmp_path / "copy", "--api-key", "k")[0] == 0
        fake.folder = Published().write(tmp_path / "shorter", size=12)
        code, out, _ = run("mirror", url, tmp_path / "copy", "--api-key", "k")
    assert code == 1
    assert f"the mirror in {tmp_path / 'copy'}: rollback: found a checkpoint of 12 entries, expected 16" in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("verify", "http://127.0.0.1:1"), "--key is missing"),
        (("verify", "/nowhere", "--key", KEY), "/nowhere is no address, no folder and no file"),
        (("verify", "/nowhere", "--key", "none"), "--key: a verifier key is written name+id+base64"),
        (("verify", ".", "--key", KEY), "is no mirror: it has no mirror.json"),
        (("export", "--proofs"), "an evidence pack is of one claim: add --claim ID"),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(run, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert why in err
    assert err.count("\n") == 1
