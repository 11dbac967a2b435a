"""Secrets in single lines shown to people and in documents: what looks like a secret is hidden.

Screens show administrators their own lines, and a line about to be lost must be readable. What is handed on to others
is another matter: `pvesdn.redact.snapshot`.
"""

from __future__ import annotations

import re

from pvesdn.decode.secrets.veil import HIDDEN

_SECRET = re.compile(
    r"""(?mxi)
    ^ (?P<before> .*?
        (?: (?<![\w-])
            (?: [\w-]*password              # password, enable password, neighbor X password, isis area-password
              | neighbor [\t ]+ \S+ [\t ]+ pass\w*                      # FRR takes abbreviations
              | key-string                  # of a key chain
              | [\w-]*authentication(-key)? # ip ospf authentication-key, ip nhrp authentication, authentication ...
              | message-digest-key
              | message-digest [\t ]+ \d+ [\t ]+ md5
              | wpa-[\w-]*(?:psk|pass\w*|key\d?|pin) | wireless-key\d?   # of ifupdown's interfaces
              | wpa_passphrase [\t ]+ \S+
              | wpa_psk | psk | [\w-]*(?:private|preshared|pre-shared)[_-]key | passphrase | sopass
              | auth | enc | aead | auth-trunc                          # ip xfrm
              | key [\t ]+ [0-9a-fA-F]{1,32}                            # ip macsec
              | -u | --user | --proxy-user                              # curl
              | secret | -{1,2}[\w-]*(?:token|secret|key|psk|pass|passwd|password|passphrase|pwd|credentials?)
              | snmp-server [\t ]+ community
              | bearer
              | --[\w-]*bearer | -b | --cookie                           # curl
              | (?:tacacs|radius)-server [\t ]+ key | tcp-ao [\t ]+ key
              | snmp\w+ [\t ]+ (?: -\S+ [\t ]+ ){0,3} -c
              | sshpass [\t ]+ -p | (?:docker|podman) [\t ]+ login [\t ]+ (?: \S+ [\t ]+ ){0,4} -p
              | redis-cli [\t ]+ (?: \S+ [\t ]+ ){0,4} -a | ldap\w+ [\t ]+ (?: \S+ [\t ]+ ){0,6} -w
            )
            [\t ]+
          | (?<![\w-]) (?: -u (?= [^\s:]+:\S ) | sshpass [\t ]+ -p | mysql [\t ]+ (?: -\S{1,40} [\t ]+ ){0,3} -p )
          | (?<![\w-]) [\w-]* (?: psk | key | pass | pwd | credentials? | --user | --proxy-user ) =
          | (?: password | passwd | passphrase | secret | token ) [\t ]* [=:] [\t ]*
          | (?: Authorization | Cookie | token | api-?key | secret ) : [\t ]*
          | PVE (?: APIToken | AuthCookie ) =
          | :// [^\s/@:]* : (?= [^\s/]*@ )                              # https://user:password@host
          | (?<! [a-z0-9+/] ) (?= [a-z0-9+/]{43}= )                     # a key of WireGuard's, wherever it stands
        )
    )
    (?P<secret> \S.* ) $
    """
)


def hide_secrets(text: str) -> tuple[str, int]:
    """`text` with every password and key replaced, and how many there were.

    Words of FRR's manual (``password``, ``key-string``, ``authentication …``), of ifupdown's interfaces(5), and of the
    commands that stand in hooks. The rest of the line is hidden: hiding too much does no harm. Line ends and all other
    text stay as they are; a text whose secrets are hidden already has none.
    """
    count = 0

    def hide(match: re.Match[str]) -> str:
        nonlocal count
        if match["secret"].strip() == HIDDEN:
            return match[0]
        count += 1
        return match["before"] + HIDDEN

    return _SECRET.sub(hide, text), count
