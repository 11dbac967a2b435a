"""What of a file of FRR's is ours, as a digest that stands beside that of its text in a node's record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pvesdn.decode.frr.local import digest_of_ours
from pvesdn.decode.frr.text import meaning
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL

MEANINGS: Mapping[str, Callable[[str], str]] = {FRR_CONF: meaning, FRR_CONF_LOCAL: digest_of_ours}
"""By path: frr.conf stays ours when FRR rewrites it in its own words, and of frr.conf.local our block alone is ours."""


def meaning_of(path: str, text: str | None) -> str | None:
    """The digest of what is ours in a file; None where all of its text is, or there is none."""
    return None if text is None or path not in MEANINGS else MEANINGS[path](text)
