"""Users: the row that owns things, and the counter of its writes."""

from flask import Flask

from taskapp.rest import personal
from taskapp.users import queries
from taskapp.users.schemas import UserSchema


def init_app(app: Flask) -> None:
    personal.register(
        app, personal.One("user", UserSchema(), read=queries.get, erase=queries.erase)
    )
