"""A file as text, whatever it is encoded in."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import count
from typing import BinaryIO, TextIO

from taskapp.transfer.formats.entries import Unreadable

HEAD = 65_536  # bytes that are looked at to see what a file is
LONGEST = 2**20  # characters of a line
NO_TEXT = "It is not text in UTF-8: save it in that encoding."
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@contextmanager
def opened(file: BinaryIO) -> Iterator[TextIO]:
    """Open the file as text from its beginning on, with the ends of lines that it has.

    It is UTF-8, or says what it is by a byte order mark.
    """
    file.seek(0)
    text = TextIOWrapper(file, _encoding(file), newline="")
    try:
        yield text
    finally:
        text.detach()  # or it would close the file


def lines(text: TextIO) -> Iterator[str]:
    """Yield the lines of a file; raises `Unreadable` where one has no end, or is no text."""
    for number in count(1):
        try:
            line = text.readline(LONGEST)
        except UnicodeError:
            raise Unreadable(number, NO_TEXT) from None
        if len(line) == LONGEST:
            raise Unreadable(number, "This line is too long.")
        if not line:
            return
        yield line


def head(file: BinaryIO) -> str:
    """Return the beginning of the file, as text; what can't be read is replaced."""
    file.seek(0)
    return file.read(HEAD).decode(_encoding(file), errors="replace")


def _encoding(file: BinaryIO) -> str:
    place = file.tell()
    file.seek(0)
    beginning = file.read(4)
    file.seek(place)
    found = (name for mark, name in MARKS.items() if beginning.startswith(mark))
    return next(found, "utf-8")
