"""Runs the migrations on the application's own engine."""

from logging.config import fileConfig

import sqlalchemy as sa
from alembic import context
from flask import current_app

from taskapp.database import Base, transactional

if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def run() -> None:
    """Run them in one transaction, so that a failed one leaves nothing."""
    with transactional().connect() as connection:
        if connection.dialect.name == "sqlite":
            # SQLite changes a table by making it anew: with foreign keys on, dropping the old
            # one would delete every row that refers to it.
            connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        # Not back to the pool: on SQLite its foreign keys are off.
        connection.invalidate()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: --sql is not supported.")
run()
