"""Lists who has read what may be confidential."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import unquote

import typer
from rich.console import Console
from rich.table import Table

from domain.times import format_brief, parse_instant
from service.accesses import Access, AccessStore
from service.commands.terminal import AsJson, CommandError, open_ledger
from service.settings import Settings

app = typer.Typer()

_AUDIENCES = ("public", "staff", "desk")
_FOR_EVER_US = 2**62

Instant = Annotated[str | None, typer.Option(help="As 2026-11-23T12:00:00Z.")]


@app.command("accesses")
def list_accesses(
    key: Annotated[str | None, typer.Option(help="Only by the key of this name or id.")] = None,
    about: Annotated[str | None, typer.Option(help="Only at addresses that name this claim or event.")] = None,
    since: Instant = None,
    until: Instant = None,
    as_json: AsJson = False,
) -> None:
    """List who has read what may be confidential: by key, address and minute."""
    store = AccessStore(open_ledger(Settings()).tables)
    found = store.list_accesses(_parse("--since", since, 0), _parse("--until", until, _FOR_EVER_US))
    wanted = (each for each in found if _is_by(each, key) and _is_about(each, about))
    rows = map(_row, wanted)
    if as_json or not sys.stdout.isatty():
        sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
        return
    _show(rows)


def _show(rows: Iterator[dict[str, str]]) -> None:
    table = Table("read_at", "key", "audience", "address")
    for row in rows:
        table.add_row(row["read_at"], row["key"], row["audience"], row["address"])
    Console().print(table)


def _parse(option: str, text: str | None, otherwise: int) -> int:
    if text is None:
        return otherwise
    try:
        return parse_instant(text)
    except ValueError as error:
        raise CommandError(f"{option}: {error}") from error


def _is_by(access: Access, key: str | None) -> bool:
    return key is None or key in (access.key_name, access.key_id)


def _is_about(access: Access, name: str | None) -> bool:
    return name is None or name.lower() in map(str.lower, map(unquote, access.address.split("/")))


def _row(access: Access) -> dict[str, str]:
    return {
        "read_at": format_brief(access.read_us),
        "key": access.key_name,
        "key_id": access.key_id,
        "audience": _AUDIENCES[access.audience],
        "address": access.address,
    }
