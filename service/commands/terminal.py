"""What commands share: their common options, the ledger they work on, and how they tell what they do."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.settings import Settings
from service.storage import ledger_database
from service.store.databases import LedgerDatabase

LOCAL = "http://127.0.0.1:8000"

Url = Annotated[str, typer.Option(help="Where the service answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, one object a line.")]

Tell = Callable[[int, int | None], None]
"""Hears how many are done, of how many; None where nobody knows."""


class CommandError(Exception):
    """What the command could not do, in one line."""


def open_ledger(settings: Settings) -> LedgerDatabase:
    """Return the ledger, made where it is missing, its schema up to date."""
    database = ledger_database(settings)
    database.prepare(migrate=settings.migrate_at_start)
    return database


def find_ledger(settings: Settings) -> LedgerDatabase:
    """Return a ledger that is there already. Raises CommandError."""
    if settings.database_url is None and not (settings.data_dir / "ledger.db").exists():
        raise CommandError(f"there is no ledger in {settings.data_dir}: set ONRECORD_DATA_DIR to where it is")
    return open_ledger(settings)


@contextmanager
def progress_bar(what: str) -> Iterator[Tell]:
    """Show a bar on a terminal, nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def say(as_json: bool, line: str, **facts: object) -> None:
    """Write what was done: a line for people, or its facts for machines."""
    sys.stdout.write((json.dumps(facts) if as_json else line) + "\n")
