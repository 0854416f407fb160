"""gunicorn's configuration of the service, without what tells PostgreSQL role and user.

Requests run as the owner of the tables then, whom row security does not concern.
"""

from pathlib import Path

exec((Path(__file__).parents[2] / "gunicorn.conf.py").read_text())  # noqa: S102

from taskapp import database  # noqa: E402

_block = database._Block
database._Block = lambda *about, told: _block(*about, told=True)
del database
