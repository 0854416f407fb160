"""Calendar feeds: a secret address under which any calendar shows what is due."""

from flask import Flask

from taskapp.feeds.queries import FEEDS
from taskapp.feeds.routes import mine, public
from taskapp.feeds.schemas import FeedSchema
from taskapp.rest import personal
from taskapp.rest.openapi import OWNER, Api


def init_app(app: Flask, api: Api) -> None:
    personal.register(
        app, personal.Many("feeds", FeedSchema(), read=FEEDS.of_user, erase=FEEDS.erase)
    )
    api.register_blueprint(mine, parameters=OWNER)
    api.register_blueprint(public)
