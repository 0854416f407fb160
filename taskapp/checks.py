"""What an operator wants to know before traffic comes: is everything there that serving needs?"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from taskapp import config, urls
from taskapp.auth import guard
from taskapp.database import (
    connections,
    dialect,
    distributed,
    distribution,
    exchange,
    execute,
    maintenance,
    now,
    schema,
    transaction,
)
from taskapp.database.turns import Unavailable
from taskapp.rest import rate_limits

OLDEST = 13  # the major version of PostgreSQL
CLOCK = 5.0  # seconds that the clock may differ from the database's
WAIT = 2.0  # seconds for Redis
NODE = "Run `taskapp distribute`, and let the nodes' pg_hba.conf admit the role."


@dataclass(frozen=True)
class Finding:
    """What a check has found; `remedy` says what to do, and is empty where all is well."""

    name: str
    found: str
    remedy: str = ""


def run() -> Iterator[Finding]:
    """Yield the findings, in the order in which they should be put right."""
    yield Finding("settings", " ".join(config.warnings()) or "they make sense")
    database = _database()
    yield database
    if not database.remedy:
        yield _migrations()
        yield _row_security()
        yield from _nodes()
        yield _session()
        yield _pooler()
        yield _clock()
    yield _keys()
    yield _redis()


def _database() -> Finding:
    unfit = None
    try:
        unfit = schema.unfit()
        with maintenance():
            version = _version()
    except Unavailable as error:
        if unfit:
            return Finding("database", schema.away(error), unfit)
        remedy = "Look at DATABASE_URL, and whether it runs."
        return Finding("database", schema.away(error), remedy)
    if version.startswith("PostgreSQL") and int(version.split()[1].partition(".")[0]) < OLDEST:
        return Finding("database", version, f"PostgreSQL {OLDEST} or newer is needed.")
    found = f"{urls.shown(config.of(current_app).database)}: {version}"
    return Finding("database", found, unfit or "")


def _version() -> str:
    if dialect() == "sqlite":
        return f"SQLite {execute(sa.text('SELECT sqlite_version()')).scalar()}"
    return f"PostgreSQL {execute(sa.text('SHOW server_version')).scalar()}"


def _migrations() -> Finding:
    allowed = config.of(current_app).allow_newer_database
    try:
        remedy = schema.trouble(newer_allowed=allowed)
        found = f"at {schema.of_database()} of {schema.of_code()}"
    except Unavailable as error:
        return Finding("migrations", schema.away(error), f"Run `{config.command('migrate')}`.")
    return Finding("migrations", found, remedy or "")


def _row_security() -> Finding:
    role = config.of(current_app).database_role
    hidden = False
    with suppress(Exception), transaction():
        if dialect() == "sqlite":
            return Finding("row security", "SQLite has none; the WHERE of each statement is alone")
        hidden = schema.rows_are_hidden()
    if hidden:
        return Finding("row security", f"requests run as {role} and see rows of their user only")
    if role == "none":
        return Finding("row security", "off, by DATABASE_ROLE=none and a login that owns all")
    return Finding(
        "row security", f"not in force for {role}", f"Run `{config.command('migrate')}`."
    )


def _nodes() -> Iterator[Finding]:
    """Look at each node, where the tables are distributed."""
    with maintenance():
        if not distributed():
            return
    role = config.of(current_app).database_role
    if keys := distribution.keys_from_outside():
        found = f"the foreign keys {', '.join(keys)} break what is written on the coordinator"
        yield Finding("nodes", found, "Run `taskapp distribute --apply`.")
    nodes = distribution.trouble_of_nodes(role)
    if not nodes:
        yield Finding("nodes", "Citus is there, and `taskapp distribute` was not run")
    for node, trouble in nodes.items():
        found = trouble or f"takes a write and a read by {role}"
        yield Finding("nodes", f"{node}: {found}", NODE if trouble else "")


def _session() -> Finding:
    settings = config.of(current_app)
    with maintenance():
        if dialect() == "sqlite":
            return Finding("session", "SQLite has no settings that matter here")
        wanted = connections.of(settings).wanted
        asked = sa.text("SELECT name, setting FROM pg_settings WHERE name = ANY (:names)")
        found = {row.name: row.setting for row in execute(asked, {"names": list(wanted)})}
    wrong = {name: value for name, value in found.items() if value != wanted[name]}
    if not wrong:
        return Finding("session", "its time zone and time limits are those that were asked for")
    about = ", ".join(f"{name} is {value}, not {wanted[name]}" for name, value in wrong.items())
    remedy = "Something between here and the database changes them (docs/operations.md)."
    return Finding("session", about, remedy)


def _pooler() -> Finding:
    settings = config.of(current_app)
    if settings.database.get_backend_name() == "sqlite":
        return Finding("statements", "SQLite keeps them")
    if not settings.prepared_statements:
        return Finding("statements", "not prepared, by PREPARED_STATEMENTS=false")
    if connections.loses_statements(settings):
        return Finding("statements", exchange.NOT_KEPT, exchange.KEEP)
    return Finding("statements", "prepared ones are kept")


def _clock() -> Finding:
    with maintenance():
        if dialect() == "sqlite":
            return Finding("clock", "the database has none of its own")
        before = now()
        theirs = execute(sa.text("SELECT clock_timestamp()")).scalar_one()
        ours = before + (now() - before) / 2
    seconds = abs((theirs - ours).total_seconds())
    found = f"{seconds:.1f} s from the database's"
    # Tokens expire by it, and so do sessions.
    return Finding("clock", found, "" if seconds < CLOCK else "Synchronise the clocks (NTP).")


def _keys() -> Finding:
    login = guard.login_keys()
    if login is None:
        return Finding("login", "tokens of the shared secret, or of accounts here")
    began = time.monotonic()
    if not login.load():
        remedy = "Look at BETTER_AUTH_URL or JWT_JWKS_URL, from where this runs."
        trouble = login.trouble or "no answer in time"
        return Finding("login", f"no keys to be had from {login.url}: {trouble}", remedy)
    milliseconds = (time.monotonic() - began) * 1000
    found = f"{len(login.keys)} keys from {login.url} in {milliseconds:.0f} ms"
    remedy = "" if login.issuers or login.audiences else guard.OF_ANY_APPLICATION
    return Finding("login", found, remedy)


def _redis() -> Finding:
    url = config.of(current_app).redis
    if not url:
        return Finding("Redis", "none: each process counts its own requests")
    # It takes megabytes, and most of this module's time.
    import redis

    try:
        rate_limits.shared(url, WAIT).get_connection().ping()
    except (redis.RedisError, OSError, ValueError) as error:
        remedy = "Look at REDIS_URL; until then each process counts its own requests."
        return Finding("Redis", f"does not answer ({type(error).__name__})", remedy)
    return Finding("Redis", "answers")
