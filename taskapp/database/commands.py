"""What commands for operators have in common where the database can't be used."""

from typing import Any

import click

from taskapp.database import schema
from taskapp.database.turns import Unavailable


class Command(click.Command):
    """A command that ends with one line where the database can't be used."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except Unavailable as error:
            raise click.ClickException(schema.away(error)) from None
