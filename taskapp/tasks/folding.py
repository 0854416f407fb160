"""Folding: text without case, accents and width, so that `muller` finds Müller and STRASSE Straße.

The database's own ways differ between SQLite and PostgreSQL, and from locale to locale. Text that
is ASCII is not stored twice: `lower` of either database folds it (in the "C" collation).
"""

import unicodedata

SEPARATOR = "\x1f"  # between tags; folded text has none


def fold(text: str) -> str:
    """Return the text as search and order see it (Unicode 16.0, 3.13: compatibility caseless)."""
    if text.isascii():
        folded = text.lower()
    else:
        bare = unicodedata.normalize("NFKD", text)
        bare = "".join(character for character in bare if not unicodedata.combining(character))
        # Folding may make characters that are composed again, and the other way round.
        folded = unicodedata.normalize("NFKD", bare.casefold())
    return folded.replace(SEPARATOR, " ")


def fold_unless_ascii(text: str | None) -> str | None:
    """Return the folded text; None for what the database folds by itself."""
    return None if text is None or text.isascii() else fold(text)


def fold_tags(tags: list[str]) -> str:
    """Return all tags in one text, each between two separators."""
    return "".join(SEPARATOR + fold(tag) for tag in tags) + SEPARATOR if tags else ""


def words(question: str) -> list[str]:
    """Return the words of a search, folded, each once."""
    return list(dict.fromkeys(fold(question).split()))
