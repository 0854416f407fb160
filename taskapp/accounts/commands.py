"""`taskapp user`: what operators do about accounts that are kept here."""

import secrets
import uuid

import click
import marshmallow as ma
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from taskapp import config
from taskapp.accounts import emails, passwords, queries
from taskapp.accounts.schemas import RegistrationSchema
from taskapp.auth import Identity
from taskapp.database import transaction
from taskapp.database.commands import Command
from taskapp.telemetry import audit
from taskapp.users import queries as users
from taskapp.users import revisions

PAGE = 1000  # accounts that are read at a time
ENTROPY = 16  # bytes of a password that is made here


class Group(AppGroup):
    """Commands that need the database."""

    command_class = Command


user = Group("user", help="The accounts that are kept here.")


@user.command()
@click.argument("email")
@click.option("--name", help="What the user is called.")
@with_appcontext
def create(email: str, name: str | None) -> None:
    """Create an account for EMAIL, and print its password, to be changed by its owner."""
    if not config.of(current_app).accounts_kept:
        raise click.ClickException("No accounts are kept here (ACCOUNTS).")
    password = _new_password()
    try:
        fields = RegistrationSchema().load({"email": email, "name": name, "password": password})
    except ma.ValidationError as error:
        raise click.ClickException(str(error.messages)) from None
    owner = Identity(str(uuid.uuid4()), fields["email"], fields["name"])
    password_hash = passwords.hash_(fields["password"])
    with transaction(owner.id):
        users.create(owner)
        address = emails.normal(fields["email"])
        if queries.find(address) or not queries.create(owner.id, address, password_hash):
            raise click.ClickException("There is an account with this e-mail already.")
    audit.event("account.created", user_id=owner.id)
    click.echo(f"{owner.id}  {fields['email']}  password: {password}")


@user.command(name="list")
@with_appcontext
def list_() -> None:
    """List the accounts: user id, e-mail, since when, and how many sessions."""
    last = ""
    while True:
        with transaction():
            found = queries.accounts(last, PAGE)
        for account in found:
            since = f"{account.created_at:%Y-%m-%d}"
            click.echo(f"{account.user_id}  {account.email}  {since}  {account.sessions}")
        if len(found) < PAGE:
            return
        last = found[-1].email


@user.command(name="reset-password")
@click.argument("email")
@with_appcontext
def reset_password(email: str) -> None:
    """Give the account of EMAIL a new password, print it, and end all sessions."""
    user_id = _find(email)
    password = _new_password()
    password_hash = passwords.hash_(password)
    with transaction(user_id):
        if not revisions.lock(user_id):
            raise click.ClickException("The account has just been erased.")
        queries.set_password_hash(user_id, password_hash)
        queries.end_other_sessions(user_id, None)
    audit.event("password.reset", user_id=user_id)
    click.echo(f"{user_id}  {email}  password: {password}")


@user.command(name="end-sessions")
@click.argument("email")
@with_appcontext
def end_sessions(email: str) -> None:
    """End all sessions of the account of EMAIL: its tokens are refused from now on."""
    user_id = _find(email)
    with transaction(user_id):
        revisions.lock(user_id)
        queries.end_other_sessions(user_id, None)
    audit.event("sessions.ended", user_id=user_id)
    click.echo(f"{user_id}  {email}  has no session any more")


def _find(email: str) -> str:
    with transaction():
        account = queries.find(emails.normal(email.strip()))
    if account is None:
        raise click.ClickException("There is no account with this e-mail.")
    return str(account.user_id)


def _new_password() -> str:
    return secrets.token_urlsafe(ENTROPY)
