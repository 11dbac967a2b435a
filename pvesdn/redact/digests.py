"""The digests in pvesdn's record of its last write: they follow what a snapshot shows, and reveal nothing that it
hides.

Whoever has a text without its password, and a digest of the whole, can try passwords until the digest matches.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from pvesdn.decode import json_text
from pvesdn.decode.frr.meanings import MEANINGS
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.secrets.veil import Veil
from pvesdn.model.primitives import Json

_DIGEST = re.compile(r"[0-9a-f]{64}")


def with_digests(record: str, old: Mapping[str, str], new: Mapping[str, str], veil: Veil) -> str:
    """The record, its secrets replaced already, with digests of the files as they are shown.

    The digest of a file becomes that of the same file in `new`; any other, of an earlier text, becomes the digest of a
    placeholder, which still matches no file here. The same text if nothing changes.

    :param old: the node's files by path, as they were read; `new` has them as they are shown.
    """
    try:
        document = json_text.load(record)
    except WrongShapeError:
        return record  # replaced as a whole

    def followed(value: Json, path: str = "", kind: str = "") -> Json:
        match value:
            case dict():
                return {key: followed(item, key, kind or key) for key, item in value.items()}
            case list():
                return [followed(item) for item in value]
            case str() if _DIGEST.fullmatch(value):
                of = _digest if kind == "files" else MEANINGS.get(path) if kind == "meanings" else None
                is_of_file = of is not None and path in old and of(old[path]) == value
                return of(new[path]) if is_of_file and of is not None else _digest(_hidden(value, veil))
            case _:
                return value

    found = followed(document)
    return record if found == document else json.dumps(found, indent=1, sort_keys=True) + "\n"


def _hidden(value: str, veil: Veil) -> str:
    """The placeholder of a digest; it is not a loss, so it is not counted."""
    before = veil.count
    placeholder = veil.hide(value)
    veil.count = before
    return placeholder


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
