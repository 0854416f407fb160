"""What row security costs: the service with it and without, in turn, at 8 clients.

`python -m bench.row_security`: CPU time of the service's process tree, as a ratio of medians.
"""

import secrets
import statistics
import tempfile

from bench.run import SERVICES, Running, kinds, load, token_of
from taskapp.config import ROOT
from tests.servers import BIN, Postgres

ROUNDS, CLIENTS, SECONDS = 10, 8, 2
KINDS = ("get", "list 50", "toggle", "create")


def main() -> None:
    SERVICES["unlocked"] = [
        str(BIN / "gunicorn"),
        "--config",
        str(ROOT / "bench/reference/unlocked.py"),
    ]
    secret = secrets.token_urlsafe(48)
    with Postgres(durable=True) as postgres, tempfile.TemporaryDirectory() as folder:
        asked = [kind for kind in kinds(load(postgres.url, 1000)) if kind.name in KINDS]
        services = [Running(name, postgres.url, secret, folder) for name in ("taskapp", "unlocked")]
        for service in services:
            service.start()
        for kind in asked:
            token = token_of(kind, secret)
            ratios = []
            for turn in range(ROUNDS):
                order = services if turn % 2 else services[::-1]
                cpu = {
                    service: service.measure(kind, token, CLIENTS, SECONDS).cpu for service in order
                }
                ratios.append(cpu[services[0]] / cpu[services[1]])
            print(
                f"{kind.name:10} {statistics.median(ratios):.2f}"
                f" ({min(ratios):.2f} to {max(ratios):.2f})"
            )
        for service in services:
            service.stop()


if __name__ == "__main__":
    main()
