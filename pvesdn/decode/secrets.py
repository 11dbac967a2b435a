"""Secrets in the text of configuration files: what may be shown or sent to somebody is the text without them."""

from __future__ import annotations

import re

HIDDEN = "********"

_SECRET = re.compile(
    r"""(?mx)
    ^ (?P<before> .*?
        (?<![\w-])
        (?: [\w-]*password              # password, enable password, neighbor X password, isis area-password
          | key-string                  # of a key chain
          | [\w-]*authentication(-key)? # ip ospf authentication-key, ip nhrp authentication, authentication ...
          | message-digest-key
          | wpa-psk | wpa-passphrase | wireless-key | wpa-password  # of ifupdown's interfaces
        )
        [\t ]+
    )
    (?P<secret> \S.* ) $
    """
)


def hide_secrets(text: str) -> tuple[str, int]:
    """`text` with every password and key replaced, and how many there were.

    Words of FRR's manual (``password``, ``key-string``, ``authentication …``) and of ifupdown's interfaces(5). Whatever
    follows on the line goes: too much hidden does no harm. Line ends and all other text stay as they are; a text whose
    secrets are hidden already has none.
    """
    count = 0

    def hide(match: re.Match[str]) -> str:
        nonlocal count
        if match["secret"].strip() == HIDDEN:
            return match[0]
        count += 1
        return match["before"] + HIDDEN

    return _SECRET.sub(hide, text), count
