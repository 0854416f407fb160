"""The database: its connections, what runs on them as whom, and bounds on time.

SQLite serves a laptop, PostgreSQL everything else; the same queries run on both. On PostgreSQL
whatever a request does runs as a role that sees no rows but those of the block's user: a second
lock, should a WHERE be forgotten one day. Role and user are set in the round trip of the work.
"""

from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from werkzeug.local import LocalProxy

from taskapp import config
from taskapp.database import connections
from taskapp.database.blocks import (
    Database,
    autocommit,
    maintenance,
    transaction,
    transactional,
)
from taskapp.database.statements import (
    Prepared,
    abandon,
    ascii_lower,
    contains_all,
    dialect,
    distributed,
    execute,
    joins,
    one_of,
    remove,
    remove_of_all,
    upsert,
)
from taskapp.database.strategies import Distributed, OneServer
from taskapp.database.turns import Turns, Unavailable
from taskapp.database.types import Base, Numbers, Texts, UTCDateTime, empty_list, now

__all__ = [
    "Base",
    "Numbers",
    "Prepared",
    "Texts",
    "UTCDateTime",
    "Unavailable",
    "abandon",
    "ascii_lower",
    "autocommit",
    "contains_all",
    "db",
    "dialect",
    "distributed",
    "empty_list",
    "execute",
    "init_app",
    "joins",
    "maintenance",
    "now",
    "one_of",
    "remove",
    "remove_of_all",
    "transaction",
    "transactional",
    "upsert",
]

db = SQLAlchemy(model_class=Base)


def init_app(app: Flask) -> None:
    settings = config.of(app)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": settings.database_pool_size,
        "max_overflow": 1,  # for a look that waits for no turn
        "pool_timeout": settings.database_timeout,
        "pool_use_lifo": True,  # the last one used knows the statements, and is warm
        "hide_parameters": True,  # they are what people wrote, and no log may hold it
        **connections.options(settings),
    }
    connections.make_folder(settings)
    try:
        db.init_app(app)  # it makes the folder of an SQLite file
    except OSError as error:
        folder = Path(settings.sqlite_file).parent
        name = "INSTANCE_PATH" if folder == Path(settings.instance_path) else "DATABASE_URL"
        raise config.BadSetting(name, f"{folder} can't be made: {error.strerror}") from None
    # Alembic takes 11 MB and part of the start-up time; only commands and tests need it.
    app.extensions["migrate"] = LocalProxy(lambda: _migrate(app))
    if click.get_current_context(silent=True):
        _migrate(app)
    with app.app_context():
        connections.prepare(app, db.engine)
        is_sqlite = db.engine.dialect.name == "sqlite"
        isolated = db.engine.execution_options(isolation_level="READ COMMITTED")
        app.extensions["taskapp.database"] = Database(
            each=None if is_sqlite else db.engine,
            together=db.engine if is_sqlite else isolated,
            turns=Turns(
                settings.database_pool_size, settings.database_timeout, settings.waiting_room
            ),
            one_server=OneServer(settings.database_role),
            distributed=Distributed(
                settings.database_role, lambda: connections.of(settings).connect()
            ),
        )


def _migrate(app: Flask) -> Any:
    from flask_migrate import Migrate

    folder = str(config.SOURCES / "migrations")
    Migrate(app, db, directory=folder, compare_type=True, render_as_batch=True)
    return app.extensions["migrate"]
