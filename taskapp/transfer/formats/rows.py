"""Delimited text (RFC 4180 and what spreadsheets make of it): rows under the names of columns."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from taskapp.transfer.formats.entries import Unreadable
from taskapp.transfer.formats.text import lines, opened

DELIMITERS = ",;\t"
MOST_COLUMNS = 200
BEFORE = 30  # rows that may stand before the names of the columns
NO_NAMES = "There is no row with the names of columns that are known here, such as title."

Cells = dict[str, str]
AreNames = Callable[[Sequence[str]], bool]  # of the columns


class Record(NamedTuple):
    """A row: its cells that are not empty, by the name of their column; or why it is none."""

    line: int
    cells: Cells
    problem: str = ""


def records(file: BinaryIO, are_names: AreNames) -> Iterator[Record]:
    """Yield the rows below that of the names of columns; raises `Unreadable` if there is none."""
    with opened(file) as text:
        every = lines(text)
        first = list(islice(every, BEFORE))
        delimiter, _ = _names_in(first, are_names)
        rows = _rows(chain(first, every), delimiter)
        names = _names(rows, are_names)
        for line, row, problem in rows:
            # A list that somebody has typed has no quotes around its commas.
            cells = row if len(names) > 1 else [delimiter.join(row).rstrip(delimiter)]
            if problem or any(cells[len(names) :]):
                yield Record(line, {}, problem or "It has more cells than there are columns.")
            elif any(cells):
                yield Record(line, _cells(names, cells))


def are_in(head: str, are_names: AreNames) -> bool:
    """Tell whether the beginning of a file has these names of columns."""
    try:
        _names_in(list(islice(StringIO(head, newline=""), BEFORE)), are_names)
    except Unreadable:
        return False
    return True


def _names_in(lines: Sequence[str], are_names: AreNames) -> tuple[str, list[str]]:
    """Return what stands between two cells, and the names of the columns."""
    for delimiter in DELIMITERS:
        if names := _names(_rows(lines, delimiter), are_names):
            return delimiter, names
    raise Unreadable(1, NO_NAMES)


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield each row with its line, or why it can't be read."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], f"Its quotes or its length make no sense ({error})."
        else:
            yield line, row, ""


def _names(rows: Iterator[tuple[int, list[str], str]], are_names: AreNames) -> list[str]:
    for _, row, _ in islice(rows, BEFORE):
        names = [cell.strip() for cell in row[:MOST_COLUMNS]]
        if are_names(names):
            return _each_once(names)
    return []


def _each_once(names: Sequence[str]) -> list[str]:
    """Return the names with a number behind those that are there before."""
    seen: Counter[str] = Counter()
    once = []
    for name in names:
        seen[name] += 1
        once.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return once


def _cells(names: Sequence[str], row: Sequence[str]) -> Cells:
    return {name: cell for name, cell in zip(names, row, strict=False) if cell}
