"""What is in a file becomes tasks: some at a time, in a transaction each.

A task that is there already stays as it is, so a file can be sent again after whatever has stopped
it. It is known by its external id; one of an own export also by its id, or its place in a series.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import marshmallow as ma
from flask import current_app

from taskapp import dialects, problems
from taskapp.auth.tokens import Identity
from taskapp.cooperation import aside, give_way
from taskapp.database import transaction
from taskapp.dialects import names
from taskapp.tasks import queries as tasks
from taskapp.tasks import room
from taskapp.transfer import queries
from taskapp.transfer.formats import Entry, Unreadable
from taskapp.transfer.schemas import EntrySchema
from taskapp.users import queries as users

CHUNK = 500  # entries that are stored at a time
MOST_NAMED, LONGEST_NAME = 100, 80  # of what nothing is made, and characters of each
PIECE = 50  # entries that are checked at a time; after each others have their turn
SCHEMA = EntrySchema()
KNOWN = frozenset(SCHEMA.fields) | frozenset(SCHEMA.also_known)

Fields = dict[str, Any]


@dataclass(frozen=True)
class Trouble:
    """Why nothing was made of what begins in this line of a file."""

    line: int
    detail: str
    errors: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Import:
    """Tasks on their way in; with `dry_run` they are only counted."""

    owner: Identity
    dry_run: bool = False
    created: int = 0
    unchanged: int = 0
    failed: int = 0
    ignored: dict[str, None] = field(default_factory=dict)
    _seen: set[Any] = field(default_factory=set)

    @property
    def looked_at(self) -> int:
        """How many entries of the file it has seen."""
        return self.created + self.unchanged + self.failed

    def run(self, entries: Iterator[Entry]) -> Iterator[list[Trouble]]:
        """Make tasks of the entries, and yield their troubles each time some of them are stored.

        Raises what `room.create_all` does where the owner's account has been erased.
        """
        entries = _until_unreadable(entries)
        # A file may be made so that a single entry takes long to read.
        while some := aside(_next, entries):
            troubles: list[Trouble] = []
            self._store(list(self._checked(some, troubles)), troubles)
            self.failed += len(troubles)
            yield troubles

    def _checked(
        self, entries: Iterable[Entry], troubles: list[Trouble]
    ) -> Iterator[tuple[int, Fields]]:
        """Yield, with its line, what can be stored of each."""
        for place, entry in enumerate(entries):
            if place % PIECE == 0:
                give_way()
            self._ignore(entry.ignored)
            if entry.problem:
                troubles.append(Trouble(entry.line, entry.problem))
            elif entry.fields:  # or it is about no task
                try:
                    yield entry.line, self._loaded(entry)
                except problems.Invalid as invalid:
                    errors = invalid.members["errors"]
                    troubles.append(Trouble(entry.line, str(invalid.description), errors))

    def _loaded(self, entry: Entry) -> Fields:
        aliases = dialects.of(current_app).aliases
        fields, _ = names.in_our_words(entry.fields, SCHEMA.fields, aliases)
        self._ignore(name for name in fields if name not in KNOWN)
        try:
            loaded: Fields = SCHEMA.load(fields)
        except ma.ValidationError as error:
            errors = error.normalized_messages()  # type: ignore[no-untyped-call]
            raise problems.Invalid(errors) from None
        return loaded

    def _ignore(self, names: Iterable[str]) -> None:
        for name in names:
            if len(self.ignored) < MOST_NAMED:
                self.ignored[name[:LONGEST_NAME]] = None

    def _store(self, checked: Sequence[tuple[int, Fields]], troubles: list[Trouble]) -> None:
        with transaction(self.owner.id):
            if not self.dry_run:
                users.lock(self.owner)
            new = self._new(checked)
            self.unchanged += len(checked) - len(new)
            free = tasks.room(self.owner, room.most()) - (self.created if self.dry_run else 0)
            fits = [_stored(fields) for _, fields in new[:free]]
            if fits and not self.dry_run:
                room.create_all(self.owner, fits)
            self.created += len(fits)
        troubles += [Trouble(line, room.full()) for line, _ in new[free:]]

    def _new(self, checked: Sequence[tuple[int, Fields]]) -> list[tuple[int, Fields]]:
        """Return those that are neither stored nor came before."""
        if not self.dry_run:
            self._seen.clear()
        rows = queries.known(
            self.owner.id,
            external_ids=_values(checked, "external_id"),
            ids=_values(checked, "id"),
            series=_values(checked, "series_id"),
        )
        for row in rows:
            self._seen |= _marks(self.owner.id, {**row._asdict(), "user_id": self.owner.id})
        new = []
        for line, fields in checked:
            marks = _marks(self.owner.id, fields)
            if self._seen.isdisjoint(marks):
                new.append((line, fields))
            self._seen |= marks
        return new


def _next(entries: Iterator[Entry]) -> list[Entry]:
    return list(islice(entries, CHUNK))


def _until_unreadable(entries: Iterator[Entry]) -> Iterator[Entry]:
    try:
        yield from entries
    except Unreadable as error:
        yield Entry(error.line, problem=f"From here on the file can't be read: {error.reason}")


def _values(checked: Sequence[tuple[int, Fields]], name: str) -> set[Any]:
    return {fields.get(name) for _, fields in checked} - {None}


def _marks(owner: str, fields: Fields) -> set[Any]:
    """Return what a task is known by."""
    marks: dict[str, Any] = {"external id": fields.get("external_id")}
    if fields.get("series_id"):
        marks["place"] = fields["series_id"], fields["occurrence"]
    # An id says something among the tasks of one user only, and none is used again.
    if fields.get("user_id") == owner and fields.get("id") and fields.get("created_at"):
        marks["id"] = fields["id"], fields["created_at"]
    return {mark for mark in marks.items() if mark[1] is not None}


def _stored(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in ("id", "user_id")}
