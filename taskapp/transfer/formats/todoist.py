"""Todoist's CSV: tasks, sections and notes in the order of a project.

Its columns: https://www.todoist.com/help/articles/format-a-csv-file-to-import-into-todoist-UVUXTmm6
"""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from taskapp.tasks import due_dates
from taskapp.transfer.formats import dates
from taskapp.transfer.formats.entries import Entry, Fields, Names, cut, shortened, with_more
from taskapp.transfer.formats.rows import Cells, records

# 1 is the highest there.
PRIORITIES = {"1": "urgent", "2": "high", "3": "medium", "4": "low"}
LABEL = re.compile(r"(?:^|(?<=\s))@(\S+)")
NOTE = ("note",)
UNDERSTOOD = {"TYPE", "CONTENT", "DESCRIPTION", "PRIORITY", "INDENT", "DATE", "TIMEZONE"}
NOISE = {"AUTHOR", "DATE_LANG", "DURATION_UNIT"}


def are_names(names: Sequence[str]) -> bool:
    """Tell whether these are the columns of Todoist."""
    return {"TYPE", "CONTENT", "PRIORITY", "INDENT"} <= set(names)


def read(file: BinaryIO) -> Iterator[Entry]:
    """Yield what the file says of each task, with its notes."""
    names = Names("todoist")
    for entry in _tasks(file):
        yield entry._replace(fields=names.name(shortened(entry.fields))) if entry.fields else entry


def _tasks(file: BinaryIO) -> Iterator[Entry]:
    """Yield each task once its notes are read, and what belongs to none."""
    task: Entry | None = None
    notes: list[str] = []
    for entry in _rows(file):
        if task and entry.ignored == NOTE:
            notes.append(entry.fields["description"])
            continue
        if task:
            yield _with_notes(task, notes)
        task, notes = (entry, []) if "title" in entry.fields else (None, [])
        if not task:
            yield entry._replace(fields={})
    if task:
        yield _with_notes(task, notes)


def _rows(file: BinaryIO) -> Iterator[Entry]:
    """Yield tasks, each under its section and those it is a part of; also notes, and the rest."""
    section, above = "", [""]  # titles, by how far they are indented
    for record in records(file, are_names):
        cells, kind = record.cells, record.cells.get("TYPE", "").strip().lower()
        content = cells.get("CONTENT", "")
        if record.problem:
            yield Entry(record.line, problem=record.problem)
        elif kind == "section":
            section, above = content, [""]
        elif kind == "note":
            yield Entry(record.line, {"description": content}, ignored=NOTE)
        elif kind == "task":
            title, tags = _title(content)
            above = [*above[: _indent(cells)], cut(title)]
            fields = _fields(cells, title, tags, section, above[1:-1])
            ignored = tuple(name for name in cells if name not in UNDERSTOOD | NOISE)
            yield Entry(record.line, fields, ignored=ignored)
        elif kind != "meta":
            yield Entry(record.line, ignored=(kind or "TYPE",))


def _with_notes(task: Entry, notes: Sequence[str]) -> Entry:
    description = with_more(task.fields.get("description"), *notes)
    return task._replace(fields={**task.fields, "description": description}) if notes else task


def _title(content: str) -> tuple[str, list[str]]:
    """Return the title without the labels in it, and those; as it is where nothing else is left."""
    title = " ".join(LABEL.sub("", content).split())
    return (title, LABEL.findall(content)) if title else (content, [])


def _indent(cells: Cells) -> int:
    text = cells.get("INDENT", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 1


def _fields(
    cells: Cells, title: str, tags: list[str], section: str, parents: Sequence[str]
) -> Fields:
    when, zone = dates.due(cells.get("DATE", "")), cells.get("TIMEZONE", "")
    is_date = due_dates.FORM.fullmatch(when) is not None
    fields = {
        "title": title,
        "description": with_more(
            cells.get("DESCRIPTION"),
            f"Part of: {' > '.join(parents)}" if parents else "",
            # "every Monday", and whatever else is for people
            f"Date: {when}" if when and not is_date else "",
        ),
        "priority": PRIORITIES.get(cells.get("PRIORITY", ""), "medium"),
        "tags": tags,
        "category": section,
        "due_date": when if is_date else None,
        "time_zone": zone if is_date and "T" in when and zone in due_dates.zones() else None,
    }
    # A task without a title is one all the same, and told as a problem.
    return {name: value for name, value in fields.items() if value or name == "title"}
