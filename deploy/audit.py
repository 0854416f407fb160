"""Looks for known vulnerabilities in what the lock file installs.

`python deploy/audit.py`: asks OSV, by pip-audit, and saves the answer in deploy/audit.json. Without
a network it reads what was saved, and says which packages that does not cover. The exit code is 1
if a vulnerability is known, and 0 also where nothing can be said, which it then says explicitly.
"""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.txt"
SAVED = Path(__file__).with_name("audit.json")
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def asked() -> dict[str, Any] | None:
    """Return OSV's answer, and when it was given; None where it can't be reached."""
    command = ["pip-audit", "--requirement", str(LOCK), "--disable-pip", "--no-deps"]
    command += ["--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off"]
    found = subprocess.run(
        [Path(sys.executable).with_name(command[0]), *command[1:]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not found.stdout.startswith("{"):
        print(f"OSV can't be asked: {found.stderr.strip().splitlines()[-1][:200]}")
        return None
    when = datetime.now(UTC).isoformat(timespec="minutes")
    return {"asked_at": when, "packages": json.loads(found.stdout)["dependencies"]}


def report(answer: dict[str, Any]) -> int:
    """Print what the answer says of the lock file, and return how much is vulnerable."""
    known = {(each["name"], each.get("version")): each for each in answer["packages"]}
    pinned = PINNED.findall(LOCK.read_text())
    unknown = [f"{name} {version}" for name, version in pinned if (name, version) not in known]
    vulnerable = 0
    for name, version in pinned:
        for each in known.get((name, version), {}).get("vulns", []):
            vulnerable += 1
            print(f"{name} {version}: {each['id']}, mended in {each['fix_versions']}")
    print(
        f"As of {answer['asked_at']}: {vulnerable} known vulnerabilities in {len(pinned)} packages."
    )
    if unknown:
        print(f"Nothing can be said of {len(unknown)}: {', '.join(unknown)}")
    return vulnerable


def main() -> int:
    answer = asked()
    if answer:
        SAVED.write_text(json.dumps(answer, indent=1) + "\n")
    elif SAVED.exists():
        answer = json.loads(SAVED.read_text())
    else:
        print("Nothing was saved before, so nothing can be said about vulnerabilities.")
        return 0
    return 1 if report(answer) else 0


if __name__ == "__main__":
    sys.exit(main())
