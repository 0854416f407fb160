"""Who keeps what about a person: each part of the service says how it is read and erased."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import marshmallow as ma
from flask import Flask, current_app


@dataclass(frozen=True)
class One:
    """A single thing about a person, a member `name` of the export; null where there is none."""

    name: str
    schema: ma.Schema
    read: Callable[[str], Any]  # of the user with this id: a row or None
    erase: Callable[[str], None]


@dataclass(frozen=True)
class Many:
    """Things about a person, a list `name` in the export, read in pages."""

    name: str
    schema: ma.Schema
    # Of the user with this id: so many rows at most, beginning after that row.
    read: Callable[[str, Any, int], Sequence[Any]]
    erase: Callable[[str], None]


Part = One | Many


def register(app: Flask, *parts: Part) -> None:
    """Include the parts in every export and every erasure.

    They are erased in the order in which they are registered. That must be the order in which
    writes lock rows that are there: users before tasks, and idempotency keys at last.
    """
    app.extensions.setdefault("taskapp.personal", []).extend(parts)


def parts(app: Flask) -> list[Part]:
    """Return what is kept about a person, part by part."""
    return cast(list[Part], app.extensions["taskapp.personal"])


def erase(user_id: str) -> None:
    """Erase all that is kept about the user, inside the caller's transaction."""
    for part in parts(current_app):
        part.erase(user_id)
