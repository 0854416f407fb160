"""What answers look like: the names in them, and what a task or a list of tasks is wrapped in.

Views, schemas and stored rows are in our own form. Where another is set, an answer is put into it
just before it is written; where none is, nothing here runs.
"""

import hashlib
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import msgspec
from flask import Response, g

from taskapp import config, problems
from taskapp.dialects import names

TASK = "Task"  # the type of the records that hold one
IDS = ("id", "next_task_id")  # its fields that hold ids of tasks
# Names of OAuth 2.0 (RFC 6749, section 5.1), by which libraries look for them: they stay.
STANDARD = ("access_token", "token_type", "expires_in", "refresh_token")


class Totals(NamedTuple):
    """Which part of a list an answer is, and how many tasks there are in all."""

    total: int
    completed: int
    limit: int
    offset: int = 0

    def members(self) -> dict[str, int]:
        """Return them by all the names that frontends read."""
        return {
            "total": self.total,
            "count": self.total,
            "limit": self.limit,
            "skip": self.offset,
            "offset": self.offset,
            "page": self.offset // self.limit + 1,
            "pages": max(1, math.ceil(self.total / self.limit)),
            "completed_count": self.completed,
            "pending_count": self.total - self.completed,
        }


class Verbatim(dict[str, Any]):
    """A part of an answer whose names are not ours: it is in its form already."""


@dataclass(frozen=True)
class Form:
    """The form of an application's answers."""

    list_under: str | None = None  # None: a bare array
    task_under: str | None = None
    in_camel_case: bool = False
    ids_are_text: bool = False
    aliases: tuple[tuple[str, str], ...] = ()  # of a task's fields: the further name, the field

    @classmethod
    def of(cls, settings: config.Settings) -> Self:
        return cls(
            None if settings.list_form == "array" else settings.list_form,
            None if settings.task_form == "bare" else settings.task_form,
            settings.field_names == "camel",
            settings.task_id_form == "string",
            tuple(settings.aliases.items()),
        )

    @cached_property
    def is_ours(self) -> bool:
        """Whether answers stay as they are."""
        return self == type(self)()

    @cached_property
    def mark(self) -> str:
        """What ETags of this form end in: a copy in another form is another copy."""
        return "" if self.is_ours else "." + hashlib.sha256(repr(self).encode()).hexdigest()[:6]

    def check(self, fields: Collection[str]) -> None:
        """Raise `config.BadSetting` for an alias of no field of a task, or that is another's."""
        shown = set(map(self.name, fields))
        meant = {names.camel(field): field for field in fields} | {field: field for field in fields}
        for name, field in self.aliases:
            if field not in meant.values():
                raise config.BadSetting("FIELD_ALIASES", f"{field!r} is not a field of a task")
            if name in shown or meant.get(name, field) != field:
                raise config.BadSetting("FIELD_ALIASES", f"{name!r} is a field of a task already")

    def name(self, ours: str) -> str:
        """Return what is called so by us."""
        return names.camel(ours) if self.in_camel_case else ours

    def all_names(self, ours: str) -> list[str]:
        """Return all names of a member of an answer."""
        stays = self.in_camel_case and ours in STANDARD
        return [ours, self.name(ours)] if stays else [self.name(ours)]

    def answer(self, answer: Any) -> Any:
        """Return an answer in this form."""
        if self.is_ours:
            return answer
        if isinstance(answer, list) and self.list_under and (totals := g.get("totals")):
            # The list of a view that has told its totals.
            answer = {self.list_under: answer, **totals.members()}
        elif self.task_under and _is_task(answer):
            answer = {self.task_under: answer}
        return self.inside(answer)

    def inside(self, part: Any) -> Any:
        """Return a part of an answer in this form."""
        if _is_task(part):
            return self._task(part)
        if isinstance(part, Verbatim):
            return part
        if isinstance(part, list):
            return [self.inside(each) for each in part]
        if isinstance(part, dict):
            members = [(name, self.inside(each)) for name, each in part.items()]
            return {other: each for name, each in members for other in self.all_names(name)}
        return part

    def id(self, task_id: int) -> int | str:
        """Return a task's id in this form."""
        return str(task_id) if self.ids_are_text else task_id

    def stale(self, problem: problems.Stale) -> Response:
        """Answer with the 412, whose `current` is a task."""
        if not self.is_ours:
            problem.members = {"current": self.inside(problem.members["current"])}
        return problems.write(problem)

    @cached_property
    def _put(self) -> dict[type[msgspec.Struct], Callable[[msgspec.Struct], Any]]:
        return {}

    def _task(self, task: msgspec.Struct) -> Any:
        put = self._put.get(type(task))
        if put is None:
            put = self._put[type(task)] = self._record(task.__struct_fields__)
        return put(task)

    def _record(self, fields: tuple[str, ...]) -> Callable[[msgspec.Struct], Any]:
        """Return what puts a record with these fields into another, with the names of this form."""
        aliases = [(name, field) for name, field in self.aliases if field in fields]
        sources = [*fields, *(field for _, field in aliases)]
        shown = [*map(self.name, fields), *(name for name, _ in aliases)]
        places = [fields.index(field) for field in sources]
        ids = [at for at, field in enumerate(sources) if field in IDS and self.ids_are_text]
        members = [f"member_{at}" for at in range(len(sources))]
        record = msgspec.defstruct(
            TASK, members, rename=dict(zip(members, shown, strict=True)), frozen=True, gc=False
        )

        def put(task: msgspec.Struct) -> Any:
            values = msgspec.structs.astuple(task)
            put_in = [values[place] for place in places]
            for at in ids:
                put_in[at] = None if put_in[at] is None else str(put_in[at])
            return record(*put_in)

        return put


def _is_task(part: Any) -> bool:
    return type(part).__name__ == TASK and isinstance(part, msgspec.Struct)
