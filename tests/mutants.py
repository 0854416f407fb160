"""Changes the code in random places, one at a time, and tells which changes no test notices.

`make mutants MODULE=taskapp/auth SEED=1 SAMPLE=20`. It works on a copy of the tree. The changes are
cosmic-ray's, and two of our own: a statement is left out, a condition of a statement always holds.
Of the tests it runs those that pass through the changed line.
"""

import contextlib
import difflib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import parso
import psycopg
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from coverage import CoverageData

from tests.servers import Postgres

# What is said of a part of the service beside the tests that mirror it: tests/auth of taskapp/auth.
BESIDE = {
    "accounts": [
        "rest/test_rate_limits.py",
        "telemetry/test_audit.py",
        "test_privacy.py",
        "test_cli.py",
    ],
    "auth": ["accounts", "programs", "telemetry/test_audit.py", "test_cli.py"],
    "config.py": ["auth/test_jwks.py", "accounts/test_register.py"],
    "privacy.py": ["rest/test_rate_limits.py", "auth/test_guard.py", "telemetry/test_audit.py"],
    "rest": ["tasks", "auth/test_guard.py", "test_privacy.py", "telemetry/test_audit.py"],
    "tasks": ["rest/test_contract.py", "test_privacy.py"],
    "users": ["tasks", "accounts", "programs", "feeds", "test_privacy.py"],
}
EVERYWHERE = [
    "test_others.py",
    "test_row_security.py",
    "test_migrations.py",
    "rest/test_openapi.py",
]
# Operators that need arguments, make a TypeError of everything, or often change nothing.
NONSENSE = re.compile("Variable|Unary.*_(UAdd|USub|Invert|Not)_|_(Not)?(Eq|LtE?|GtE?)_Is(Not)?$")
ONLY_TOLD = {"metadata", "description", "example", "help"}  # arguments that change no answer
FILES = ["git", "ls-files", "-co", "--exclude-standard"]
COVERAGE = "[run]\nsource = taskapp\ndynamic_context = test_function\n"
Place = tuple[Path, tuple[int, int]]


class LeaveOut(Operator):
    """A statement does nothing."""

    examples = None  # cosmic-ray's own tests would use them

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        kinds = ("atom_expr", "power", "return_stmt", "raise_stmt")
        if node.type == "simple_stmt" and node.children[0].type in kinds:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return parso.parse(f"{node.get_first_leaf().prefix}pass\n")


class AlwaysHolds(LeaveOut):
    """One of the conditions of a `where()` or an `and_()` is true."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        call = node.parent.parent if node.parent and node.parent.type == "arglist" else node.parent
        if call and call.type == "trailer" and node.type not in ("operator", "arglist", "argument"):
            function = call.get_previous_sibling()
            if function and function.get_last_leaf().value in ("where", "and_"):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return parso.parse(f"{node.get_first_leaf().prefix}sa.true()")


def is_only_told(node: Any) -> bool:
    """Tell whether the node is a part of an annotation, or of what documents something."""
    while above := node.parent:
        annotation = {"tfpdef": 2, "annassign": 1, "funcdef": 4}.get(above.type)
        if annotation and node in above.children[annotation : annotation + 1]:
            return True
        if above.type == "argument" and above.children[0].get_code().strip() in ONLY_TOLD:
            return True
        node = above
    return False


def changes(path: Path) -> dict[Place, list[tuple[Operator, int]]]:
    """Return what can be changed in a file: by its place, the operators and the numbers for it."""
    sensible = [name for name in operator_names() if not NONSENSE.search(name)]
    nodes = list(ast_nodes(get_ast(path.read_text())))
    found: dict[Place, list[tuple[Operator, int]]] = {}
    for operator in [LeaveOut(), AlwaysHolds(), *(get_operator(name)() for name in sensible)]:
        places = [(node, start) for node in nodes for start, _ in operator.mutation_positions(node)]
        for number, (node, start) in enumerate(places):
            if not is_only_told(node):
                found.setdefault((path, start), []).append((operator, number))
    return found


class Copy:
    """A copy of the tree, in which tests run, and which of them pass through which line."""

    def __init__(self, folder: str, part: str, server_url: str) -> None:
        self.folder, self.server_url = Path(folder), server_url
        # Python looks at no more than the second and the size of a file that has changed, and
        # plugins of other libraries take as long to load as all else that a short run does.
        told = dict.fromkeys(["PYTHONDONTWRITEBYTECODE", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"], "1")
        self.environ = os.environ | told
        for name in filter(os.path.isfile, subprocess.check_output(FILES, text=True).splitlines()):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, self.folder / name)
        (self.folder / ".coveragerc").write_text(COVERAGE)
        names = [part, f"test_{part}", *BESIDE.get(part, []), *EVERYWHERE]
        self.tests = [f"tests/{name}" for name in names if Path("tests", name).exists()]
        began = time.monotonic()
        failed = self.failing("coverage", "run", "-m", "pytest", *self.tests)
        assert not failed, f"without a change: {failed}"
        self.longest = 2 * (time.monotonic() - began)
        self.lines = CoverageData(str(self.folder / ".coverage"))
        self.lines.read()

    def failing(self, *command: str, seconds: float | None = None) -> str:
        """Run tests and return which of them fails first; empty where all pass in time."""
        # A database of its own: failed sign-ins are counted for 15 minutes.
        name = f"run_{time.monotonic_ns()}"
        with psycopg.connect(self.server_url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
        url = {"TEST_DATABASE_URL": self.server_url.replace("/postgres?", f"/{name}?")}
        run = subprocess.Popen(
            [sys.executable, "-m", *command, "-x", "--tb=no", "-p", "no:cacheprovider"],
            cwd=self.folder, env=self.environ | url, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            output, _ = run.communicate(timeout=seconds)
            failed = re.search("^(?:FAILED|ERROR) .*", output, re.MULTILINE)
            return "" if run.returncode == 0 else failed[0] if failed else "ERROR at the start"
        except subprocess.TimeoutExpired:
            return "HANGS"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()

    def tests_of(self, path: Path, line: int) -> list[str]:
        """Return the tests that pass through the line; also all, if not only tests do."""
        by_line = self.lines.contexts_by_lineno(str(self.folder / path))
        through = by_line[max((known for known in by_line if known <= line), default=0)]
        names = [name.rpartition(".") for name in sorted(through) if name.startswith("tests.")]
        first = [f"{module.replace('.', '/')}.py::{test}" for module, _, test in names]
        return first if names and "" not in through else first + self.tests

    def noticed_by(self, path: Path, line: int, code: str) -> str:
        """Return a test that fails with this code in the file; empty where none does."""
        (self.folder / path).write_text(code)
        failed = self.failing("pytest", *self.tests_of(path, line), seconds=self.longest)
        shutil.copy(path, self.folder / path)
        return failed


def main(module: str, seed: int, sample: int) -> None:
    top = Path(module)
    files = [top] if top.is_file() else sorted(top.rglob("*.py"))
    places = {place: found for path in files for place, found in changes(path).items()}
    chance = random.Random(seed)  # noqa: S311 - the same sample each time
    chosen = chance.sample(sorted(places), min(sample, len(places)))
    survivors = 0
    with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
        copy = Copy(folder, top.parts[1], postgres.url)
        for path, start in chosen:
            before = path.read_text()
            after = mutate_code(before, *chance.choice(places[path, start]))
            noticed = copy.noticed_by(path, start[0], after)
            survivors += not noticed
            print(f"{path}:{start[0]}", noticed or "NOT NOTICED")
            lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
            print(*list(lines)[2:], sep="\n", flush=True)
    print(f"{module}, seed {seed}: {len(chosen)} changes, {survivors} not noticed")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
