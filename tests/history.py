"""The code as it was, from the project's history."""

import os
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from taskapp.config import ROOT


def git(*command: str) -> bytes:
    return subprocess.run(["git", *command], cwd=ROOT, check=True, capture_output=True).stdout


def code_before(migration: Path, folder: Path) -> Path:
    """Unpack the code of the commit before this migration came, and return where it is."""
    if not (ROOT / ".git").exists() or git("rev-parse", "--is-shallow-repository") == b"true\n":
        assert "CI" not in os.environ, "CI needs the whole history"
        pytest.skip("needs the project's history")
    log = ("log", "--diff-filter=A", "--format=%H", "--", str(migration.relative_to(ROOT)))
    added = git(*log).split()
    # Before it is committed, what is committed is the code before it.
    before = f"{added[-1].decode()}^" if added else "HEAD"
    old = folder / "old"
    with tarfile.open(fileobj=BytesIO(git("archive", before))) as archive:
        archive.extractall(old, filter="data")
    assert not (old / migration.relative_to(ROOT)).exists()
    return old
