"""Keeps a ledger: archives, read models, schema."""

from pathlib import Path
from typing import Annotated

import typer

from projections.follower import read_model_names
from service.archive.backup import backup
from service.archive.restore import read_manifest, restore
from service.clock import Clock
from service.commands.terminal import AsJson, CommandError, find_ledger, open_ledger, progress_bar, say
from service.garbage import collect_nothing
from service.rebuilding import rebuild
from service.settings import Settings
from service.storage import ledger_database, read_models

app = typer.Typer()


@app.command("backup")
def make_backup(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="DIR")], as_json: AsJson = False
) -> None:
    """Write an archive of the ledger, also beside a running service, and check it on the way."""
    ledger = find_ledger(Settings())
    with progress_bar("events") as tell:
        made = backup(ledger.snapshot, folder, Clock().wall_us(), tell)
    line = f"{folder}: {made.events} events, {made.keys} keys, running digest {made.running_digest}"
    say(as_json, line, events=made.events, keys=made.keys, running_digest=made.running_digest)


@app.command("restore")
def restore_backup(
    folder: Annotated[Path, typer.Argument(help="An archive.", metavar="DIR")], as_json: AsJson = False
) -> None:
    """Write an archive as it is into an empty ledger, and check everything on the way."""
    manifest = read_manifest(folder)
    settings = Settings()
    ledger = open_ledger(settings)
    if ledger.head() == 0:
        # Of a ledger that was here before, perhaps: they would be taken for those of the one that comes now.
        read_models(settings).remove_foreign()
    with progress_bar("events") as tell:
        restore(ledger.empty, folder, manifest, tell)
    line = f"{ledger}: {manifest.events} events, {manifest.keys} keys, running digest {manifest.running_digest}"
    say(as_json, line, events=manifest.events, keys=manifest.keys, running_digest=manifest.running_digest)


@app.command("rebuild")
def rebuild_views(
    read_model: Annotated[
        str | None, typer.Argument(help="All share one file, and all are made anew whichever is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the read models anew beside the live ones, and swap; a running service takes them up within a second."""
    names = read_model_names()
    if read_model is not None and read_model not in names:
        raise CommandError(f"there is no read model {read_model}: {', '.join(names)}")
    settings = Settings()
    ledger = find_ledger(settings)
    collect_nothing()  # an eighth of the time
    with progress_bar("events") as tell:
        position = rebuild(read_models(settings), ledger.head, tell)
    also = f" ({read_model} with all others)" if read_model else ""
    say(as_json, f"the read models are made anew, up to position {position}{also}", position=position)


@app.command("migrate")
def migrate(as_json: AsJson = False) -> None:
    """Bring the database's schema up to date."""
    before, after = ledger_database(Settings()).migrate()
    line = f"migrated from schema {before} to {after}" if before < after else f"schema {after} is up to date"
    say(as_json, line, before=before, after=after)
