"""Definitions that are there and could not be read: nothing that they may define is called absent."""

from __future__ import annotations

from pvesdn.model.base import Model


class Unread(Model):
    """What one source has that is not among its objects.

    :param ids: kind and id, such as ``("zone", "prod")``; an empty kind may be any, and so may an empty id.
    :param is_everything: the source was not looked at.
    """

    ids: frozenset[tuple[str, str]] = frozenset()
    is_everything: bool = False

    def __bool__(self) -> bool:
        return self.is_everything or bool(self.ids)

    def may_have(self, kind: str, id_: str) -> bool:
        """Whether an object that is not among those that were read may be defined all the same."""
        return self.is_everything or not self.ids.isdisjoint({(kind, id_), (kind, ""), ("", id_), ("", "")})

    def may_have_any(self, *kinds: str) -> bool:
        """Whether there may be objects of one of these kinds besides those that were read."""
        return self.is_everything or any(kind in ("", *kinds) for kind, _ in self.ids)
