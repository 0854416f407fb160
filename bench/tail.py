"""The slowest answers, and whether one user who floods the service makes them slower for others.

`python -m bench.tail [--seconds N]`: a mix of 70 % lists, 20 % gets and 10 % writes of a thousand
users, alone, beside a flood without rate limits, and beside one with the service's defaults for a
user. Adds to `bench/results.json`, but for a short run.
"""

import argparse
import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench import run
from bench.run import LIMITS, RESULTS, Kind, Running

USERS = 1000
CLIENTS = (8, 64, 256)
SECONDS = 15
FLOOD = 32  # connections
TARGET = 2.0  # times the p99 without the flood
FLOODER = "bench-1000"
OF_USER = LIMITS[1:]  # all come from one address, whose limit stays off
# Of a hundred requests the first are lists and the next gets; the rest are writes.
MIX, FLOODED = (70, 90), (50, 50)

SCRIPT = """
local users = %s
local lists, gets = %d, %d
math.randomseed(%d)
function request()
  local user = users[math.random(#users)]
  local kind = math.random(100)
  local headers = {Authorization = "Bearer " .. user[3]}
  if kind <= lists then return wrk.format("GET", user[1], headers) end
  local task = user[1] .. "/" .. user[2]
  if kind <= gets then return wrk.format("GET", task, headers) end
  return wrk.format("PATCH", task .. "/complete", headers)
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("\\nRESULT %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.timeout + errors.status))
end
"""


def script(url: str, secret: str, chosen: str, mix: tuple[int, int]) -> str:
    """Return the script that makes wrk ask at random for users whose ids are LIKE `chosen`."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT user_id, max(id) FROM tasks WHERE user_id LIKE %s GROUP BY user_id", (chosen,)
        ).fetchall()
    users = []
    for user, task in found:
        token = run.token_of(Kind("", "GET", "", user), secret)
        users.append(f'{{"/api/{user}/tasks", {task}, "{token}"}}')
    return SCRIPT % (f"{{{', '.join(users)}}}", *mix, time.time_ns() % 2**31)


def wrk(service: Running, path: Path, connections: int, seconds: int) -> list[str]:
    """Return the command that sends what the script at this path says."""
    return [
        *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"),
        *("-s", str(path), service.url),
    ]


def measure(service: Running, path: Path, connections: int, seconds: int) -> dict[str, float]:
    """Return requests per second, percentiles in milliseconds, and how many requests failed."""
    command = wrk(service, path, connections, seconds)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = done.stdout.rpartition("RESULT ")[2].split()
    count, micros, p50, p99, p999, errors = (int(part) for part in result)
    return {
        "rate": round(count / micros * 1e6, 1),
        "p50": p50 / 1000,
        "p99": p99 / 1000,
        "p99.9": p999 / 1000,
        "errors": errors,
    }


@contextmanager
def flood(service: Running, path: Path, seconds: int) -> Iterator[None]:
    """Let one user send as fast as it can, from a second before to the end of the block."""
    command = wrk(service, path, FLOOD, seconds)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield
    finally:
        process.terminate()
        process.wait()


def beside(service: Running, folder: Path, seconds: int, *, flooded: bool) -> dict[str, Any]:
    """Return what was measured, by number of connections."""
    found = {}
    for connections in CLIENTS:
        if flooded:
            with flood(service, folder / "flood.lua", seconds + 60):
                once = measure(service, folder / "mix.lua", connections, seconds)
        else:
            once = measure(service, folder / "mix.lua", connections, seconds)
        found[str(connections)] = once
        print(f"  {connections:>4} clients: {once}", flush=True)
    return found


def situations(url: str, secret: str, folder: Path, seconds: int) -> dict[str, Any]:
    """Return what was measured alone and beside the flood, without limits and with them."""
    found = {}
    for name, flooded, limited in (
        ("alone", False, False),
        ("flood", True, False),
        ("flood, limited", True, True),
    ):
        service = Running("taskapp", url, secret, str(folder))
        for limit in OF_USER if limited else ():
            del service.environ[limit]
        service.start()
        try:
            print(name, flush=True)
            found[name] = beside(service, folder, seconds, flooded=flooded)
        finally:
            service.stop()
    return found


def report(found: dict[str, Any]) -> None:
    """Print others' p99 beside the flood, as a multiple of that alone."""
    for name in [name for name in found if name != "alone"]:
        ratios = {
            clients: round(found[name][clients]["p99"] / alone["p99"], 2)
            for clients, alone in found["alone"].items()
        }
        print(f"{name}: p99 to that alone, by clients (target {TARGET}): {ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each measurement")
    seconds = parser.parse_args().seconds
    secret = secrets.token_urlsafe(48)
    with run.database() as url, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run.load(url, USERS)
        (folder / "mix.lua").write_text(script(url, secret, "other-%", MIX))
        (folder / "flood.lua").write_text(script(url, secret, FLOODER, FLOODED))
        found = situations(url, secret, folder, seconds)
    report(found)
    if seconds >= SECONDS:
        results = json.loads(RESULTS.read_text()) | {"tail": found}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
