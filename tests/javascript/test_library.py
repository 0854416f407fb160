"""The library for frontends, clients/javascript/: against the running service, on each database."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from taskapp.config import ROOT
from taskapp.version import __version__
from tests.servers import Postgres, Service, new_user_id

LIBRARY = ROOT / "clients/javascript"
MOST_BYTES = 12 * 1024  # minified and compressed


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, tmp_path):
    if request.param == "sqlite":
        with Service(f"sqlite:///{tmp_path}/tasks.db", tmp_path) as service:
            yield service
    else:
        with Postgres() as postgres, Service(postgres.url, tmp_path) as service:
            yield service


def run(*command: object, **environ: str) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=LIBRARY, env=os.environ | environ, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_library_keeps_its_promises(service):
    tests = sorted(LIBRARY.glob("test/*.test.js"))

    run("node", "--test", *tests, BASE=service.url, SECRET=service.secret)


def test_the_documentation_works_as_printed(service, tmp_path):
    alice = new_user_id()
    page = (ROOT / "docs/sync.md").read_text()
    block = re.search(r"```js\n(.*?)```", page, re.DOTALL)[1]
    token = str(service.session(alice).headers["Authorization"]).removeprefix("Bearer ")
    block, found = re.subn(
        r"async function token\(\) {.*?\n}", f'const token = "{token}";', block, flags=re.DOTALL
    )
    assert found == 1
    block = block.replace("https://tasks.example.com", service.url)
    block += "await replica.sync(); replica.stop();\n"
    (tmp_path / "story.mjs").write_text('import "fake-indexeddb/auto";\n' + block)
    modules = tmp_path / "node_modules"
    (modules / "@taskapp").mkdir(parents=True)
    (modules / "@taskapp/client").symlink_to(LIBRARY)
    (modules / "fake-indexeddb").symlink_to(LIBRARY / "node_modules/fake-indexeddb")

    run("node", tmp_path / "story.mjs")

    tasks = service.session(alice).get(f"{service.url}/api/{alice}/tasks", timeout=10).json()
    assert [(task["title"], task["priority"]) for task in tasks] == [
        ("Call Bob", "high"), ("Buy milk", "medium"),
    ]  # fmt: skip


def test_its_version_is_that_of_the_service():
    assert json.loads((LIBRARY / "package.json").read_text())["version"] == __version__


def test_what_follows_from_the_document_is_fresh(tmp_path):
    flask = [Path(sys.executable).parent / "flask", "openapi", "write", tmp_path / "openapi.json"]
    environ = {"FLASK_APP": str(ROOT / "wsgi.py"), "INSTANCE_PATH": str(tmp_path)}

    run(*flask, **environ)
    run("node", "generate.mjs", tmp_path / "openapi.json", tmp_path)

    for name in ("schema.d.ts", "operations.js"):
        fresh = (tmp_path / name).read_text()
        assert fresh == (LIBRARY / "src" / name).read_text(), f"{name} is stale: make client-types"


def test_its_types_hold():
    run("node_modules/.bin/tsc", "--project", LIBRARY)


def test_others_can_use_its_types(tmp_path):
    package = tmp_path / "node_modules/@taskapp/client"
    package.mkdir(parents=True)
    about = json.loads((LIBRARY / "package.json").read_text())
    (package / "package.json").write_text(json.dumps(about))
    (package / "src").symlink_to(LIBRARY / "src")
    (package / "types").mkdir()
    run("node_modules/.bin/tsc", "--project", ".", "--noEmit", "false", "--declaration",
        "--emitDeclarationOnly", "--outDir", package / "types")  # fmt: skip
    for name in ("schema.d.ts", "types.d.ts"):
        (package / "types" / name).write_text((LIBRARY / "src" / name).read_text())
    page = tmp_path / "page.mts"
    page.write_text("""
        import { createClient, createReplica, indexedDBStorage, Problem } from "@taskapp/client";
        const client = createClient({ token: async () => "t" });
        const title: string = (await client.createTask({ title: "t" })).title;
        const replica = createReplica({ client, storage: indexedDBStorage("t") });
        replica.change(replica.tasks[0].id, { priority: "high" });
        // @ts-expect-error: a task has no such field
        replica.change(7, { colour: "red" });
        // @ts-expect-error: an id is needed
        await client.getTask({});
        try { await client.getTask({ task_id: 7 }); }
        catch (error) { if (error instanceof Problem) console.log(error.detail, title); }
    """)
    options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022"]
    run("node_modules/.bin/tsc", *options, page)


def test_it_is_small(tmp_path):
    bundle = tmp_path / "bundle.js"
    run("node_modules/.bin/esbuild", "src/index.js", "--bundle", "--minify", "--format=esm",
        f"--outfile={bundle}")  # fmt: skip

    assert len(gzip.compress(bundle.read_bytes())) <= MOST_BYTES
