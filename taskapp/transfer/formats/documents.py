"""JSON: our own export, one task in each line, or any array of tasks.

The standard library reads one task after the other, so that a file of any size takes little memory.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NoReturn, TextIO

from taskapp.transfer.formats.entries import (
    Entry,
    Fields,
    Names,
    Row,
    Unreadable,
    external_id,
    told,
)
from taskapp.transfer.formats.text import NO_TEXT, opened

# Where an object has its tasks: a list in another form, or all that is stored about a user.
MEMBERS = ("tasks", "items", "data")
PIECE = 65_536  # characters that are read at a time
LARGEST = 4 * 2**20  # characters of one task
LONGEST_ID = 20  # digits
SPACE = " \t\r\n"
NO_TASKS = "There is no array of tasks in it."


def write(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the pieces of an array of these tasks."""
    separator = "["
    for row in rows:
        yield f"{separator}\n{json.dumps(told(row), ensure_ascii=False)}"
        separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def read(file: BinaryIO) -> Iterator[Entry]:
    """Yield what the file says of each task."""
    names = Names("json")
    with opened(file) as text:
        for line, task in _Reader(text).tasks():
            if isinstance(task, dict):
                yield _entry(line, task, names)
            else:
                yield Entry(line, problem="It is not an object with the fields of a task.")


def _entry(line: int, task: Fields, names: Names) -> Entry:
    try:
        return Entry(line, names.name(_with_number(task)))
    except RecursionError:
        return Entry(line, problem="It has too many objects or arrays inside each other.")


def _with_number(task: Fields) -> Fields:
    """Return the task with an id as ours are; another one says what the file calls it.

    Answers of ours may have ids as text, and numbers of others are not theirs alone.
    """
    id_ = task.get("id", task.get("_id"))
    if not isinstance(id_, str):
        return task
    if "id" in task and id_.isascii() and id_.isdigit() and len(id_) < LONGEST_ID:
        return {**task, "id": int(id_)}
    others = {name: value for name, value in task.items() if name not in ("id", "_id")}
    return {"external_id": external_id(id_), **others} if id_ else others


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class _Reader:
    """Reads JSON value by value, and knows in which line it is."""

    _decoder = json.JSONDecoder(parse_constant=_refuse_constant)

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._read = ""
        self._place = 0
        self._line = 1

    def tasks(self) -> Iterator[tuple[int, Any]]:
        """Yield each task, with its line."""
        if self._next() == "[":
            yield from self._array()
            if self._next():
                raise Unreadable(self._line, "Something follows the array of tasks.")
            return
        if self._next() != "{":
            raise Unreadable(self._line, NO_TASKS)
        for _ in self._inside("}"):
            name = self._value()
            self._expect(":")
            if name in MEMBERS and self._next() == "[":
                yield from self._array()
                return
            self._value()
        raise Unreadable(self._line, NO_TASKS)

    def _array(self) -> Iterator[tuple[int, Any]]:
        for _ in self._inside("]"):
            yield self._line, self._value()

    def _inside(self, end: str) -> Iterator[None]:
        """Yield where each member of an array or object begins."""
        self._place += 1
        if self._next() == end:
            self._place += 1
            return
        while True:
            yield
            if self._next() == end:
                self._place += 1
                return
            self._expect(",")
            self._next()

    def _next(self) -> str:
        """Return the next character that is not white space; nothing at the end."""
        while True:
            while self._place < len(self._read):
                character = self._read[self._place]
                if character not in SPACE:
                    return character
                self._place += 1
                self._line += character == "\n"
            if not self._more():
                return ""

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise Unreadable(self._line, f"It is not JSON: {character} is missing.")
        self._place += 1

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._read, self._place)
            except (ValueError, RecursionError):
                if not self._more():
                    raise Unreadable(self._line, "It is not JSON.") from None
                continue
            # A number could go on.
            if end < len(self._read) or isinstance(value, dict | list | str) or not self._more():
                self._line += self._read.count("\n", self._place, end)
                self._place = end
                return value

    def _more(self) -> bool:
        """Read more, as much again as there is; tell whether there was any."""
        left = self._read[self._place :]
        if len(left) > LARGEST:
            raise Unreadable(self._line, "What begins here is too large, or is not JSON.")
        try:
            more = self._text.read(max(PIECE, len(left)))
        except UnicodeError:
            raise Unreadable(self._line, NO_TEXT) from None
        self._read, self._place = left + more, 0
        return bool(more)
