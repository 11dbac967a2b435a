"""The node program's record of what pvesdn wrote on a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import SnapshotError
from pvesdn.model.snapshot import RECORD_FILE

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What was written last.

    :param files: SHA-256 in hexadecimal by absolute path; None when there is no record.
    :param is_unfinished: the files are in place, but their reload was not seen to succeed.
    :param meanings: digests of what is ours in a file, by absolute path, where that is not its text: frr.conf, which
        FRR itself rewrites, and our block of frr.conf.local. Older records have none, or not of both.
    """

    files: Mapping[str, str] | None = None
    is_unfinished: bool = False
    meanings: Mapping[str, str] = field(default_factory=dict)


def decode_record(text: str | None) -> Record:
    """The record of one node; None means that pvesdn never wrote there.

    :raises SnapshotError: the text is not a record.
    """
    if text is None:
        return Record()
    try:
        document = json_text.mapping(json_text.load(text), "the document")
        if (version := json_text.number(document.get("format"), "format")) != _FORMAT:
            raise SnapshotError(
                f"{RECORD_FILE}: unknown format {version}", hint="use the version of pvesdn that wrote it"
            )
        files = json_text.mapping(document.get("files"), "files")
        digests = {path: json_text.string(digest, f"digest of {path!a}") for path, digest in files.items()}
        meanings = json_text.mapping(document.get("meanings", {}), "meanings")
        said = {path: json_text.string(digest, f"meaning of {path!a}") for path, digest in meanings.items()}
        return Record(digests, json_text.flag(document.get("unfinished", False), "unfinished"), said)
    except WrongShapeError as error:
        hint = "remove it on the node: the files there then count as somebody else's"
        raise SnapshotError(f"{RECORD_FILE}: {error}", hint=hint) from error
