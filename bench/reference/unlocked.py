"""gunicorn's configuration of the service, without telling PostgreSQL role and user.

Requests then run as the owner of the tables, to whom row security does not apply.
"""

from pathlib import Path

exec((Path(__file__).parents[2] / "gunicorn.conf.py").read_text())  # noqa: S102

from taskapp import database  # noqa: E402

_block = database._Block
database._Block = lambda *about, told: _block(*about, told=True)
del database
