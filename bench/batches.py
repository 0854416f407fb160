"""How much faster 500 creates are in one batch than one by one.

`python -m bench.batches`: one client on one connection, both in turn, on PostgreSQL. Fails where
the median is below the target.
"""

import secrets
import statistics
import tempfile
import time
from pathlib import Path

from bench.run import database
from tests.servers import Service, new_user_id

SIZE = 500  # creates
ROUNDS = 5
TARGET = 20.0  # times as many in a second


def main() -> None:
    with (
        database() as url,
        tempfile.TemporaryDirectory() as folder,
        Service(url, Path(folder)) as service,
        service.session(new_user_id()) as session,
    ):
        path = f"{service.url}/api/tasks"

        def seconds(address: str, bodies: list[dict[str, object]]) -> float:
            began = time.perf_counter()
            for body in bodies:
                session.post(address, json=body, timeout=60).raise_for_status()
            return time.perf_counter() - began

        def ratio() -> float:
            new = [{"title": secrets.token_hex(8), "priority": "high"} for _ in range(SIZE)]
            batch = {"operations": [{"op": "create", "fields": fields} for fields in new]}
            return seconds(path, [*new]) / seconds(f"{path}/batch", [batch])

        ratio()
        ratios = [ratio() for _ in range(ROUNDS)]
    median = statistics.median(ratios)
    print(f"{SIZE} creates in one batch: {median:.0f} times as fast as one by one {ratios}")
    if median < TARGET:
        raise SystemExit(f"The target is {TARGET:.0f} times.")


if __name__ == "__main__":
    main()
