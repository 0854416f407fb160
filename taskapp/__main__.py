"""The command `taskapp`: `serve`, or one of the commands for operators.

In a folder that has been moved, `.venv/bin/python -m taskapp` is the same.
"""

import os
import sys

from taskapp import config
from taskapp.version import __version__

GUNICORN = "taskapp.wsgi:app" if config.INSTALLED else "wsgi:app"


def main() -> None:
    """Run the command that the arguments name; `serve` where there are none."""
    given = sys.argv[1:] or ["serve"]
    if given == ["--version"]:
        print(f"taskapp {__version__}")  # noqa: T201
    elif given[0] == "serve":
        serve(given[1:])
    else:
        from flask.cli import main as flask

        os.environ.setdefault("FLASK_APP", str(config.SOURCES / "wsgi.py"))
        # The settings read `.env` themselves, and say what is wrong with it.
        os.environ["FLASK_SKIP_DOTENV"] = "1"
        flask()


def serve(options: list[str]) -> None:
    """Become gunicorn, with our configuration; a bad setting ends it in one line.

    gunicorn itself reads WEB_CONCURRENCY before our configuration, and has no words for a bad one.
    """
    try:
        config.read()
    except config.BadSetting as bad:
        sys.exit(f"taskapp: {bad}")
    settings = str(config.SOURCES / "gunicorn.conf.py")
    command = [sys.executable, "-m", "gunicorn", "--config", settings, *options, GUNICORN]
    os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    main()
