"""The operators' handbook tells of every setting and command what the program does."""

import re
from pathlib import Path

from typer.main import get_command

from service.cli import app
from service.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
NOTHING = "nothing"


def shown(default: object) -> str:
    """Return a default as the page shows it, which is also how it is written in .env."""
    if default is None or default == ():
        return NOTHING
    text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
    return f"`{text}`"


def test_every_setting_is_told_with_its_default_and_what_it_does():
    rows = re.findall(r"^\| `(ONRECORD_\w+)` \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (f"ONRECORD_{name.upper()}", shown(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]


def test_every_default_may_be_written_as_it_is_shown(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rows = re.findall(r"^\| `(ONRECORD_\w+)` \| `(.+?)` \|", PAGE, re.MULTILINE)
    Path(".env").write_text("".join(f"{name}={default}\n" for name, default in rows))
    assert Settings() == Settings.model_construct()


def test_every_command_is_told():
    told = set(re.findall(r"^\| `onrecord ([a-z-]+(?: [a-z]+)?)", PAGE, re.MULTILINE))
    assert commands(get_command(app)) <= told


def commands(command: object, before: str = "") -> set[str]:
    inner = getattr(command, "commands", None)
    if not inner:
        return {before.strip()}
    return {name for key, each in inner.items() for name in commands(each, f"{before} {key}")}
