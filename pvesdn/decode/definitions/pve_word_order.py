"""Which properties PVE's writer puts first, in files of /etc/pve/sdn that pvesdn does not read (docs/pve.md §1.9)."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.decode.definitions.words import Word, Words

_NEEDED = Word(is_required=True, is_used=False)

UNREAD: Mapping[str, Mapping[str, Words]] = {
    "ipams": {
        "netbox": {"url": _NEEDED, "token": _NEEDED},
        "phpipam": {"url": _NEEDED, "token": _NEEDED, "section": _NEEDED},
    },
    "dns": {"powerdns": {"url": _NEEDED, "key": _NEEDED}},
}
"""Required properties by file and type. pvesdn keeps away from these files: they hold secrets, and no plan depends on
them.
"""
