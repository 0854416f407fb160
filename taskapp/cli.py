"""Commands for operators, beside Flask-Migrate's `flask db`."""

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from taskapp import config
from taskapp.auth import tokens


def init_app(app: Flask) -> None:
    app.cli.add_command(token)


@click.command()
@click.argument("user_id")
@with_appcontext
def token(user_id: str) -> None:
    """Print an access token for USER_ID, valid for 15 minutes, for trying things out."""
    settings = config.of(current_app)
    if not settings.jwt_secret_key:
        raise click.ClickException("Tokens come from an outside login; this service has no secret.")
    if not tokens.USER_ID.fullmatch(user_id):
        raise click.ClickException("USER_ID must have 1 to 255 characters.")
    click.echo(tokens.issue(user_id, settings.jwt_secret_key, settings.jwt_identity_claim))
