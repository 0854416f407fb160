"""Send generated requests (schemathesis) to the running service, on SQLite and PostgreSQL.

Fails on a 5xx, an undocumented status or content type, and on an answer that breaks its schema.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from taskapp.auth import tokens
from tests.servers import BIN, Postgres, Service

USER = "fuzz"
EXAMPLES = 40  # for each operation and phase


def fuzz(database_url: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        url = database_url or f"sqlite:///{folder}/tasks.db"
        with Service(url, Path(folder)) as service:
            token = tokens.issue(USER, tokens.Key("HS256", service.secret), "sub")
            config = Path(folder) / "schemathesis.toml"
            config.write_text(
                # A task with some of its fields is not what the schema of a task says.
                f'[parameters]\n"path.user_id" = "{USER}"\n"query.fields" = ""\n'
                f'[headers]\nAuthorization = "Bearer {token}"\n'
            )
            command = [BIN / "schemathesis", "--config-file", config, "run", "--no-color"]
            # The list of an erased user is empty, where the fuzzer expects a 404.
            options = ["--exclude-operation-id", "eraseUser"]
            options += ["--max-examples", str(EXAMPLES), "--seed", "1", "--url", service.url]
            checks = [
                "not_a_server_error",
                "status_code_conformance",
                "content_type_conformance",
                "response_headers_conformance",
                "response_schema_conformance",
                "unsupported_method",
                "use_after_free",
                "ensure_resource_availability",
            ]
            done = subprocess.run(
                [*command, *options, "--checks", ",".join(checks), f"{service.url}/openapi.json"],
                cwd=folder,
                check=False,
            )
            return done.returncode


if __name__ == "__main__":
    with Postgres() as postgres:
        sys.exit(fuzz("") or fuzz(postgres.url))
