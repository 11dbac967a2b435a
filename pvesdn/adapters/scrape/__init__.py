"""Metrics over HTTP: the last look's text, made when somebody asks for it and it is too old."""

from pvesdn.adapters.scrape.kept import Kept, Page
from pvesdn.adapters.scrape.server import Listener

__all__ = ["Kept", "Listener", "Page"]
