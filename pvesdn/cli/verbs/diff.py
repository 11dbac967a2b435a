"""`pvesdn diff`, which `pvesdn history diff` is too."""

from pvesdn.cli.verbs.history import diff

__all__ = ["diff"]
