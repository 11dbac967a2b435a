"""The verb `read`: files alone; nothing is changed."""

from pvesdn.node.program.files import matches, text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CLUSTER_FILES
from pvesdn.node.program.quorum import require_cluster_files
from pvesdn.node.program.request import VERBS, Value, checked_path, list_at

LARGEST_READ = 32 * 1024 * 1024
"""Bytes of all files of one answer."""


def read(machine: Machine, arguments: Value) -> Value:
    """Text of files: ``{"files": [patterns]}`` -> ``{"files": {path: text}}``.

    Absent files are absent. The last component of a pattern may have wildcards, which match no dotfiles.
    """
    found = {}
    left = LARGEST_READ
    patterns = list_at(arguments, "files", str)
    if any(pattern.startswith(CLUSTER_FILES + "/") for pattern in patterns):
        require_cluster_files(machine)
    for pattern in patterns:
        for path in matches(machine, checked_path(pattern)):
            text = text_of(machine, path)
            if text is not None:
                found[path] = text
                left -= len(text.encode("utf-8"))
            if left < 0:
                raise Refused(
                    f"the files up to {path} have more than {LARGEST_READ >> 20} MiB",
                    "are these the right files?",
                )
    return {"files": found}


VERBS.update(read=read)
