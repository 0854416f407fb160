"""`taskapp import`: tasks of a file, for operators."""

import shutil
import sys
import tempfile
from contextlib import suppress
from typing import BinaryIO, cast

import click
from flask.cli import with_appcontext

from taskapp import problems
from taskapp.auth.tokens import USER_ID, Identity
from taskapp.database import transaction
from taskapp.database.commands import Command
from taskapp.telemetry import audit
from taskapp.transfer import formats
from taskapp.transfer.formats import FORMATS
from taskapp.transfer.imports import Import
from taskapp.users import revisions

STOPPED = 130  # exit code after Ctrl-C


@click.command(name="import", cls=Command)
@click.option("--user", "user_id", required=True, help="The id of the user who gets the tasks.")
@click.option(
    "--format", "name", type=click.Choice(list(FORMATS)), help="Found by content otherwise."
)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def import_(user_id: str, name: str | None, dry_run: bool, file: BinaryIO) -> None:
    """Make tasks of FILE: an export from here or from another service, of any size.

    Tasks that are there already stay as they are: after an interruption, run it again. The exit
    code is 1 if anything in the file can't be read.
    """
    import_ = Import(_owner(user_id), dry_run)
    try:
        file = _from_its_beginning(file)
        name = name or formats.found(file)
        _run(import_, file, name)
    except formats.Unreadable as error:
        raise click.ClickException(f"Line {error.line}: {error.reason}") from None
    except problems.Problem as problem:
        raise click.ClickException(problem.description or "") from None
    except KeyboardInterrupt:
        _say(import_, "Stopped. Run it again to go on.")
        raise SystemExit(STOPPED) from None
    finally:  # what was stored stays
        if import_.created and not dry_run:
            audit.event("tasks.imported", user_id=user_id, format=name, tasks=import_.created)
    _say(import_, "Nothing was changed." if dry_run else f"Read as {name}.")
    raise SystemExit(1 if import_.failed else 0)


def _from_its_beginning(file: BinaryIO) -> BinaryIO:
    """Return the file, or a copy of what comes by a pipe: it is read more than once."""
    if file.seekable():
        return file
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - until the command ends
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return cast(BinaryIO, copy)


def _owner(user_id: str) -> Identity:
    """Return the user; raises `click.ClickException` for what can't be one's id."""
    if not USER_ID.fullmatch(user_id):
        raise click.ClickException("A user id has 1 to 255 characters.")
    with transaction(user_id):
        if not revisions.is_known(user_id):
            click.echo(f"Nobody with the id {user_id!r} has been here before.", err=True)
    return Identity(user_id)


def _run(import_: Import, file: BinaryIO, name: str) -> None:
    size = file.seek(0, 2)
    file.seek(0)
    with click.progressbar(length=size, label="Importing", file=sys.stderr) as bar:
        for troubles in import_.run(FORMATS[name].read(file)):
            for trouble in troubles:
                click.echo(f"Line {trouble.line}: {trouble.detail}", err=True)
            with suppress(ValueError):  # closed by whoever has read all of it
                bar.update(file.tell() - bar.pos)


def _say(import_: Import, last: str) -> None:
    would = "would be " if import_.dry_run else ""
    click.echo(
        f"{import_.created} tasks {would}created, {import_.unchanged} there already,"
        f" {import_.failed} that can't be read"
    )
    for name in import_.ignored:
        click.echo(f"Nothing was made of {name!r}.")
    click.echo(last)
