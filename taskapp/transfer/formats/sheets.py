"""CSV: our own export, and tables of other programs, whose columns have other names."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from csv import writer
from io import StringIO
from typing import Any, BinaryIO

from taskapp.transfer.formats import dates
from taskapp.transfer.formats.entries import (
    TAKEN,
    Entry,
    Fields,
    Names,
    Row,
    external_id,
    shortened,
    told,
)
from taskapp.transfer.formats.rows import Cells, are_in, records
from taskapp.transfer.formats.text import head

# The first ones are for people, the rest so that an import gives the same task.
COLUMNS = sorted(TAKEN, key=lambda name: name in ("id", "user_id"))
# What a spreadsheet runs (OWASP, "CSV Injection"), or takes away, and our own mark.
RUN = re.compile(r"[\t\r\n']|\s*[=+\-@＝＋－＠]")  # noqa: RUF001 - those of East Asian keyboards
MARK = "'"

OTHERS = {
    "title": "name task taskname content subject summary todo what",
    "description": "note notes details comment comments body text",
    "completed": "done complete status state iscompleted iscomplete isdone checked finished",
    "priority": "importance prio",
    "due_date": "due duedate deadline dueon dueby date",
    "tags": "tag label labels keywords categories",
    "category": "project projects list folder group section section/column area",
    "created_at": "created createdon creationdate datecreated",
    "completed_at": "completedon completiondate datecompleted",
    "time_zone": "tz",
    "recurrence": "repeat rrule",
    "external_id": "uid id",
}
BY_NAME = {
    other.replace("_", ""): name
    for name, others in OTHERS.items()
    for other in (name, *others.split())
}
DONE = {
    *("true", "yes", "y", "x", "1", "✓", "✔", "☑", "done", "complete", "completed", "finished"),
    *("wahr", "vrai", "verdadero", "vero"),  # a spreadsheet's own, in other languages
}
OPEN = {
    *("false", "no", "n", "0", "-", "☐", "open", "todo", "to-do", "pending", "incomplete"),
    *("notstarted", "inprogress", "falsch", "faux", "falso"),
}
WORDS = {"p1": "urgent", "p2": "high", "p3": "medium", "p4": "low"}  # priorities
# By one of these a column tells more than whether a task is done.
STATES = ("status", "state")


def write(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the pieces of a table of these tasks."""
    yield _line(COLUMNS)
    for row in rows:
        task = told(row)
        yield _line([_cell(task[name]) for name in COLUMNS])


def read(file: BinaryIO) -> Iterator[Entry]:
    """Yield what the file says of each task."""
    names = Names("csv")
    is_own = are_in(head(file), _are_own)
    for record in records(file, are_names):
        if record.problem:
            yield Entry(record.line, problem=record.problem)
        else:
            fields, ignored = _fields(record.cells, is_own)
            yield Entry(record.line, names.name(fields, record.cells), ignored=ignored)


def are_names(names: Sequence[str]) -> bool:
    """Tell whether these are the names of columns, one of them that of titles."""
    return "title" in map(_meaning, names)


def _are_own(names: Sequence[str]) -> bool:
    return {"title", "user_id", "created_at", "series_id"} <= set(names)


def _fields(cells: Cells, is_own: bool) -> tuple[Fields, tuple[str, ...]]:
    """Return the fields of a task, and the columns of which nothing was made."""
    fields: Fields = {}
    ignored = []
    for column, cell in cells.items():
        name = column if is_own and column in COLUMNS else _meaning(column)
        if name is None or name in fields:
            ignored.append(column)
            continue
        if name == "external_id" and _word(column) == "id" and cell.isdigit():
            continue  # of a row in this file, and in any other: the whole row says what it is
        text = cell.removeprefix(MARK) if is_own else cell
        fields[name] = READERS.get(name, str)(text)
        if name == "completed" and _word(column) in STATES and not isinstance(fields[name], bool):
            fields[name] = False  # waiting, blocked…
            ignored.append(column)
    return fields if is_own else shortened(fields), tuple(ignored)


def _meaning(column: str) -> str | None:
    return BY_NAME.get(_word(column))


def _word(text: str) -> str:
    return re.sub(r"[\s_]", "", text).casefold()


def _completed(text: str) -> bool | str:
    word = _word(text)
    return True if word in DONE else False if word in OPEN else text


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text


def _tags(text: str) -> Any:
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text if "," in text else text.replace(";", ",")


READERS: dict[str, Callable[[str], Any]] = {
    "completed": _completed,
    "priority": lambda text: WORDS.get(text.strip().lower(), text),
    "due_date": dates.due,
    "tags": _tags,
    "external_id": external_id,
    **dict.fromkeys(("created_at", "completed_at", "deleted_at"), dates.moment),
    **dict.fromkeys(("id", "occurrence", "position"), _number),
}


def _line(cells: Sequence[str]) -> str:
    text = StringIO()
    writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _together(value) if isinstance(value, list) else str(value)
    return MARK + text if RUN.match(text) or value == "" else text


def _together(tags: list[str]) -> str:
    text = ",".join(tags)
    if text.startswith("[") or text.count(",") >= len(tags) > 0:
        return json.dumps(tags, ensure_ascii=False)
    return text if ";" not in text or "," in text else json.dumps(tags, ensure_ascii=False)
