"""The twenty lines of the auditor's page do what the page says."""

import textwrap
from pathlib import Path

from tests.service.audit.published import Published, edit, flip
from tests.service.audit.serving import served

PAGE = (Path(__file__).parents[3] / "docs" / "auditing.md").read_text()
CODE = textwrap.dedent(PAGE[PAGE.index("    import base64") : PAGE.index("The checkpoint is signed over")])


def by_hand(folder: Path, capsys) -> list[str]:
    with served(folder) as url:
        exec(CODE, {"URL": url})
    return list(capsys.readouterr().out.splitlines())


def published(folder: Path) -> Path:
    """A log and its events where a service has them."""
    mirror = Published().write(folder / "log")
    (folder / "v1").mkdir()
    (mirror / "events" / "000000000001.ndjson").rename(folder / "v1" / "events")
    return folder


def test_an_honest_ledger(tmp_path, capsys):
    said = by_hand(published(tmp_path), capsys)
    assert said[0] == "the entries lead to the signed root: True"
    # Fifteen of sixteen: one was erased.
    assert len(said) == 16
    assert all(line.endswith("is in the log: True") for line in said[1:])


def test_a_bit_of_an_entry_and_one_of_an_event(tmp_path, capsys):
    folder = published(tmp_path)
    edit(folder / "log/tile/entries/000.p/16", lambda body: flip(body, 40))
    edit(folder / "v1/events", lambda body: flip(body, body.rindex(b"salt") + 10))
    said = by_hand(folder, capsys)
    assert said[0] == "the entries lead to the signed root: False"
    assert [line for line in said if line.endswith("False")][1:] == [
        "1 is in the log: False",
        "16 is in the log: False",
    ]


def test_it_is_short_and_uses_hashlib_alone():
    lines = [line for line in CODE.splitlines() if line.strip()]
    assert lines[0] == "import base64, hashlib, json, urllib.request"
    assert len(lines) <= 22
