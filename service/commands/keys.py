"""Makes, lists and revokes keys."""

import json
import re
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from domain.commands import Role
from domain.times import format_brief
from service.clock import Clock
from service.commands.terminal import AsJson, CommandError, open_ledger
from service.keys import KeyStore
from service.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys.")

AudienceName = Literal["public", "staff", "desk"]
_AUDIENCES: tuple[AudienceName, ...] = ("public", "staff", "desk")


@app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Public with every event: a desk or a system, not a person.")],
    role: Annotated[Role, typer.Option(help="What it may append.")],
    audience: Annotated[AudienceName | None, typer.Option(help="To read less than the role does.")] = None,
) -> None:
    """Make a key and print it, once."""
    if not re.fullmatch(r"[a-z0-9._-]+", name):
        raise CommandError("a key's name has only a-z, 0-9, dot, hyphen and underscore")
    reads = None if audience is None else _AUDIENCES.index(audience)
    sys.stdout.write(_key_store().create(name, role, reads, Clock().wall_us()) + "\n")


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, revoked ones too."""
    rows = [
        {
            "id": key.key_id,
            "name": key.name,
            "role": key.role,
            "audience": _AUDIENCES[key.audience],
            "created_at": format_brief(key.created_us),
            "last_used_at": None if key.last_used_us is None else format_brief(key.last_used_us),
            "revoked_at": None if key.revoked_us is None else format_brief(key.revoked_us),
        }
        for key in _key_store().list_keys()
    ]
    if as_json or not sys.stdout.isatty():
        sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
        return
    # Whole, however narrow the terminal is: it is what `keys revoke` takes.
    table = Table(Column("id", no_wrap=True), "name", "role", "audience", "created_at", "last_used_at", "revoked_at")
    for row in rows:
        table.add_row(*(str(value or "") for value in row.values()))
    Console().print(table)


@app.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
    """Revoke a key; it is dead on every node within five seconds."""
    if not _key_store().revoke(key_id, Clock().wall_us()):
        raise CommandError(f"there is no good key with the id {key_id}")


def _key_store() -> KeyStore:
    return KeyStore(open_ledger(Settings()).tables)
