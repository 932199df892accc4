"""What the log is signed with, and who else signs it: keys, origins and witnesses."""

import json
import sys
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from domain.times import format_brief
from service.clock import Clock
from service.commands.terminal import AsJson, CommandError, find_ledger, open_ledger
from service.publishing.cosigning import parse_witness_key
from service.publishing.identity import KeyPlace, begin_new_origin, open_log
from service.settings import Settings
from service.signing import create_signing_key
from service.store.checkpoints import CheckpointStore, Witness

app = typer.Typer()
log_key = typer.Typer(help="Print the log's verifier key, or make a signing key.")
witness = typer.Typer(no_args_is_help=True, help="Add, list and remove witnesses of the log.")

VerifierKeyText = Annotated[str, typer.Argument(help="The witness's verifier key.", metavar="VKEY")]


@log_key.callback(invoke_without_command=True)
def print_verifier_key(context: typer.Context) -> None:
    """Print the log's verifier key, which everybody may have; the log is begun if there is none."""
    if context.invoked_subcommand is None:
        settings = Settings()
        store = CheckpointStore(open_ledger(settings).tables)
        opened = open_log(settings.origin, _place(settings), store, Clock().wall_us())
        sys.stdout.write(f"{opened.identity.verifier_key}\n")


@log_key.command("new")
def make_signing_key(file: Annotated[Path, typer.Argument(help="A file that is not there yet.")]) -> None:
    """Make a signing key, in a file that only its owner reads; ONRECORD_SIGNING_KEY_FILE names it."""
    create_signing_key(file)
    sys.stdout.write(f"{file}: a new signing key; keep it apart from backups of the ledger\n")


@app.command("new-origin")
def change_origin() -> None:
    """Give the log up, its key lost or stolen or its ledger put back, and begin one by the name of ONRECORD_ORIGIN."""
    settings = Settings()
    store = CheckpointStore(find_ledger(settings).tables)
    begun = begin_new_origin(settings.origin, _place(settings), store, Clock().wall_us())
    sys.stdout.write(f"{begun.verifier_key}\n")


@witness.command("add")
def add_witness(
    verifier_key: VerifierKeyText,
    url: Annotated[str, typer.Argument(help="Where it takes checkpoints: what comes before /add-checkpoint.")],
) -> None:
    """Have a witness sign every checkpoint; a known one gets another address. It counts within seconds."""
    try:
        parse_witness_key(verifier_key)
        address = httpx.URL(url)
    except (ValueError, httpx.InvalidURL) as error:
        raise CommandError(str(error)) from error
    if address.scheme not in ("http", "https") or not address.host:
        raise CommandError(f"{url} is not an address that begins with https:// or http://")
    _store().add_witness(Witness(verifier_key=verifier_key, url=url, added_us=Clock().wall_us()))


@witness.command("list")
def list_witnesses(as_json: AsJson = False) -> None:
    """List the witnesses."""
    rows = [
        {"verifier_key": each.verifier_key, "url": each.url, "added_at": format_brief(each.added_us)}
        for each in _store().list_witnesses()
    ]
    if as_json or not sys.stdout.isatty():
        sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
        return
    table = Table("verifier_key", "url", "added_at")
    for row in rows:
        table.add_row(*row.values())
    Console().print(table)


@witness.command("remove")
def remove_witness(verifier_key: VerifierKeyText) -> None:
    """Ask a witness no more; what it has signed stays."""
    if not _store().remove_witness(verifier_key):
        raise CommandError("there is no witness with this verifier key")


def _store() -> CheckpointStore:
    return CheckpointStore(open_ledger(Settings()).tables)


def _place(settings: Settings) -> KeyPlace:
    return KeyPlace.of(settings.data_dir, settings.signing_key_file)
