"""/etc/pve/priv/lock/pvesdn.holder: who has written down that the cluster lock is theirs."""

from __future__ import annotations

import json
import math

from pvesdn.decode.cluster.answers import one_line
from pvesdn.model.open_apply import LockHolder

_NOBODY_KNOWS = LockHolder("", "", None)


def decode_holder_file(text: str | None, now: float) -> LockHolder | None:
    """Whose the lock is: nobody's without a text. One that was cut off, or is not what we write, names nobody.

    :param now: seconds of the Unix epoch.
    """
    if text is None:
        return None
    try:
        told = json.loads(text)
        name, who, since = told["id"], told["who"], told["since"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return _NOBODY_KNOWS
    if not (isinstance(name, str) and isinstance(who, str) and isinstance(since, float) and math.isfinite(since)):
        return _NOBODY_KNOWS
    return LockHolder(one_line(name), one_line(who), max(0.0, now - since))
