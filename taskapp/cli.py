"""Commands for operators, beside Flask-Migrate's `flask db`."""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

import click
import psycopg
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, LockNotAvailable
from sqlalchemy import exc

from taskapp import checks, config
from taskapp import demo as demonstration
from taskapp.accounts import attempts
from taskapp.accounts import queries as accounts
from taskapp.accounts.commands import user
from taskapp.auth import guard, tokens
from taskapp.auth.jwks import Jwks, Unreachable
from taskapp.database import distribution, maintenance, now, schema, turns
from taskapp.database.commands import Command
from taskapp.rest import idempotency
from taskapp.tasks import trash
from taskapp.transfer.commands import import_

MAY_CREATE = "GRANT USAGE, CREATE ON SCHEMA public TO the_login"
PURGED_AT_ONCE = 1000  # rows, or users

TRIES = 30  # of a migration that does not get its locks in time, a second apart

keys = AppGroup("keys", help="The keys that access tokens are verified with.")


def init_app(app: Flask) -> None:
    keys.add_command(check_keys)
    for command in (migrate, distribute, check, token, keys, purge, user, demo, import_):
        app.cli.add_command(command)


@click.command()
@with_appcontext
def check() -> None:
    """Look at all that serving needs, and say what to do about what is missing.

    The exit code is 1 if anything is.
    """
    trouble = False
    for finding in checks.run():
        trouble = trouble or bool(finding.remedy)
        click.echo(f"{'FAIL' if finding.remedy else 'ok':4}  {finding.name:13} {finding.found}")
        if finding.remedy:
            click.echo(f"{'':20}{finding.remedy}")
    raise SystemExit(1 if trouble else 0)


@click.command()
@click.argument("user_id")
@with_appcontext
def token(user_id: str) -> None:
    """Print an access token for USER_ID, valid for 15 minutes, for trying things out."""
    settings = config.of(current_app)
    if not settings.shared_secret_accepted:
        raise click.ClickException(
            "Tokens come from the outside login; its private key is not here."
        )
    if not tokens.USER_ID.fullmatch(user_id):
        raise click.ClickException("USER_ID must have 1 to 255 characters.")
    key = guard.shared_key(settings)
    click.echo(tokens.issue(user_id, key, settings.jwt_identity_claim))


@click.command()
@click.argument("user", required=False, default="")
@with_appcontext
def demo(user: str) -> None:
    """Make an account with a hundred tasks, to try things out.

    USER is its e-mail; where no accounts are kept here, the id of the user who gets the tasks.
    """
    try:
        made = demonstration.fill(current_app._get_current_object(), user)  # type: ignore[attr-defined]
    except demonstration.Refused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"{demonstration.HOW_MANY} tasks for {made.user}")
    if made.password:
        click.echo(f"Sign in with the password {made.password}")


@click.command(name="check")
@click.argument("encoded", metavar="[TOKEN]", required=False)
@with_appcontext
def check_keys(encoded: str | None) -> None:
    """Say whose tokens are accepted, fetch the login's keys, and explain TOKEN.

    TOKEN is accepted or refused with the reason; `-` reads it from standard input, which keeps
    it out of the shell's history. The exit code is 1 if it is refused or no keys can be had.
    """
    settings = config.of(current_app)
    login = guard.login_keys()
    _describe(settings, login)
    trouble = _cannot_be_fetched(login) if login else False
    if encoded:
        text = sys.stdin.read() if encoded == "-" else encoded
        trouble = _is_refused(text.strip().removeprefix("Bearer ")) or trouble
    raise SystemExit(1 if trouble else 0)


@click.command(cls=Command)
@with_appcontext
def migrate() -> None:
    """Bring the database up to this release.

    Several at once wait for each other, and requests go on being answered meanwhile.
    """
    if reason := _no_use_to_migrate():
        raise click.ClickException(reason)
    if schema.of_database() <= schema.of_code():
        _upgrade()
    click.echo(f"The database is at migration {schema.of_database()}.")


def _no_use_to_migrate() -> str | None:
    if reason := schema.unfit():
        return reason
    newer_allowed = config.of(current_app).allow_newer_database
    return schema.unknown(schema.of_database(), newer_allowed=newer_allowed)


def _upgrade() -> None:
    # Alembic takes 11 MB and part of the start-up time.
    import flask_migrate

    for attempt in range(1, TRIES + 1):
        try:
            flask_migrate.upgrade()
            break
        except (psycopg.Error, exc.DBAPIError) as error:
            # Nothing of it was done; the service was not held up for longer than that.
            if not isinstance(getattr(error, "orig", error), LockNotAvailable) or attempt == TRIES:
                raise click.ClickException(_not_migrated(error)) from None
            click.echo("A table is in use; trying again.", err=True)
            time.sleep(1)


def _not_migrated(error: Exception) -> str:
    cause = getattr(error, "orig", error)
    said = f"The database can't be migrated: {turns.reason(error)}."
    if isinstance(cause, InsufficientPrivilege | InvalidSchemaName):
        return f"{said} The login needs a schema in which it may make tables: {MAY_CREATE}."
    return said


@click.command(cls=Command, name="distribute")
@click.option("--apply", is_flag=True, help="Do it; else only say what would be done.")
@click.option(
    "--within",
    metavar="SECONDS",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="How long requests may have to wait; if it takes longer, nothing is changed.",
)
@with_appcontext
def distribute(apply: bool, within: int) -> None:
    """Distribute the tables by user over the nodes of a Citus cluster, under load.

    It can be run again wherever it has stopped. docs/operations.md, "Growth", says what it needs.
    """
    settings = config.of(current_app)
    if settings.database.get_backend_name() != "postgresql":
        raise click.ClickException("Only PostgreSQL with Citus distributes tables.")
    if reason := schema.trouble(newer_allowed=False):
        raise click.ClickException(reason)
    done = "The tables are distributed."
    try:
        for step in distribution.Distribution(settings, within).steps():
            click.echo(step.what)
            done = "Nothing was done; --apply does it."
            if apply:
                step.run()
                done = "The tables are distributed. Run `taskapp check`."
    except distribution.Refused as refused:
        raise click.ClickException(str(refused)) from None
    except psycopg.Error as error:
        raise click.ClickException(f"{turns.reason(error)}. Run it again to go on.") from None
    click.echo(done)


@click.command(cls=Command)
@with_appcontext
def purge() -> None:
    """Remove what has expired: tasks in the trash, sessions, and the answers kept for retries.

    Run it daily, as the owner of the tables.
    """
    with maintenance():
        if schema.rows_are_hidden():
            raise click.ClickException("Only the owner of the tables may purge them.")
    tasks = sum(_purge_tasks())
    sessions = sum(_portions(accounts.purge_sessions))
    answers = sum(_portions(idempotency.purge))
    sum(_portions(attempts.purge))
    click.echo(f"{tasks} deleted tasks and {answers} idempotency keys purged")
    click.echo(f"{sessions} expired sessions purged")


def _purge_tasks() -> Iterator[int]:
    """Remove what has been in the trash for long enough, and yield how many tasks at a time."""
    before = now() - timedelta(days=config.of(current_app).trash_days)
    last = ""
    while True:
        with maintenance():
            users = trash.users_to_purge(before, last, PURGED_AT_ONCE)
        for user_id in users:
            yield from _portions(partial(_purge_tasks_of, user_id, before))
        if not users:
            return
        last = users[-1]


def _purge_tasks_of(user_id: str, before: datetime, limit: int) -> int:
    gone = trash.purge(user_id, before, limit)
    idempotency.forget(user_id, gone)
    return len(gone)


def _portions(purge: Callable[[int], int]) -> Iterator[int]:
    """Purge in short transactions until nothing is left, so that nobody waits for long."""
    while True:
        with maintenance():
            gone = purge(PURGED_AT_ONCE)
        yield gone
        if gone < PURGED_AT_ONCE:
            return


def _describe(settings: config.Settings, login: Jwks | None) -> None:
    if login:
        click.echo(f"Outside login: {login.url}")
        click.echo(f"  issuer (iss):   {' or '.join(login.issuers) or 'not looked at'}")
        click.echo(f"  audience (aud): {' or '.join(login.audiences) or 'not looked at'}")
        click.echo(f"  algorithms:     {', '.join(login.algorithms)}")
    else:
        click.echo("Outside login: none (BETTER_AUTH_URL or JWT_JWKS_URL)")
    if settings.shared_secret_accepted:
        click.echo("Shared secret: HS256 tokens are accepted")
        click.echo(f"  issuer (iss):   {settings.jwt_issuer or 'not looked at'}")
        click.echo(f"  audience (aud): {settings.jwt_audience or 'not looked at'}")
    else:
        click.echo("Shared secret: its tokens are refused (JWT_SECRET_BESIDE_JWKS)")
    click.echo(f"Accounts here: {'on' if settings.accounts_kept else 'off'} (ACCOUNTS)")
    click.echo(f"User id:       the claim {settings.jwt_identity_claim!r}")


def _cannot_be_fetched(login: Jwks) -> bool:
    if not login.load():
        click.echo(f"Keys:          {login.url} can't be fetched, or holds no key that can be used")
        click.echo(f"               {login.trouble or 'no answer in time'}")
        return True
    for kid, key in login.keys.items():
        click.echo(f"Key:           {key.algorithm} {kid or '(without a key id)'}")
    return False


def _is_refused(encoded: str) -> bool:
    try:
        token = guard.verifier().verify(encoded)
    except tokens.Refused as refused:
        click.echo(f"Token:         refused. {refused}")
        if refused.found:
            click.echo(f"               {refused.found}")
        return True
    except Unreachable:
        click.echo("Token:         can't be checked without the keys of the login.")
        return True
    minutes, user_id = (token.claims["exp"] - time.time()) / 60, token.identity.id
    click.echo(f"Token:         accepted. User {user_id!r}, {minutes:.0f} minutes left.")
    click.echo(f"Tasks:         /api/{quote(user_id, safe='')}/tasks, or /api/tasks")
    if "/" in user_id:
        click.echo("               A proxy in front must hand on %2F as it comes.")
    return False
