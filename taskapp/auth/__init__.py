"""Who asks, and may they: the token check and the owner check in front of every owned route."""

from taskapp.auth.guard import identity, init_app, require_owner, require_token, session_id
from taskapp.auth.tokens import Identity

__all__ = ["Identity", "identity", "init_app", "require_owner", "require_token", "session_id"]
