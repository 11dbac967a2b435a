"""A disk that fails at any write of any verb of an apply: the node has all of its old files or all of its new ones, and
once the disk is well again, an undo leaves it as it was.

The table: each verb that writes: no space left, an input/output error, and a file system that has become read-only.
"""

from __future__ import annotations

import builtins
import copy
import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvesdn.node.assembly import program
from pvesdn.node.program.machine import CommandResult, Machine, ended
from tests.noderoot import FRR, OURS, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking

OLD = {FRR: "old\n", SYSCTL: "net.ipv4.ip_forward = 0\n"}
NEW = {FRR: "new\n", OURS: "iface web\n", SYSCTL: None}
ARM: dict[str, Any] = {"id": "one", "who": "a test", "seconds": 600, "frr": "reload"}
TARGETS = (FRR, OURS, SYSCTL)
WAYS = {"no space": errno.ENOSPC, "input/output error": errno.EIO, "read-only": errno.EROFS}
VERBS = ("stage", "arm", "commit", "finish", "undo", "disarm")
GROWS = frozenset({"open", "symlink", "mkdir", "write"})
"""Calls that need space."""
CALLS = ("open", "replace", "link", "symlink", "mkdir", "unlink", "rmdir", "fsync")


class Commands(Machine):
    """A node whose commands are all well and do nothing."""

    def find(self, name: str) -> str | None:
        return name

    def run(self, argv: list[str], limit: float) -> CommandResult:
        if argv[1:2] == ["show"]:
            return ended(0, "no\nno\n")
        if argv[1:2] in (["is-active"], ["is-enabled"]):
            return ended(0, "active\n" if argv[1] == "is-active" else "enabled\n")
        return ended(0, "[]" if argv[0] in {"ip", "bridge"} else "")


class Disk:
    """Fails at its n-th write. With no space left nothing grows after it, and what is read-only stays so."""

    def __init__(self, folder: Path, nth: int, number: int) -> None:
        self.has_failed = False
        self._left, self._number, self._folder = nth, number, str(folder)

    def breaks(self, patch: pytest.MonkeyPatch) -> None:
        for name in CALLS:
            patch.setattr(os, name, self._failing(name, getattr(os, name)))
        patch.setattr(builtins, "open", self._failing("write", open))

    def _failing(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def failing(*words: Any, **named: Any) -> Any:
            if self._is_write(name, words):
                self._left -= 1
                is_over = self._left == 0
                if self.has_failed and (
                    self._number == errno.EROFS or (self._number == errno.ENOSPC and name in GROWS)
                ):
                    is_over = True
                if is_over:
                    self.has_failed = True
                    raise OSError(self._number, os.strerror(self._number), *words[:1])
            return call(*words, **named)

        return failing

    def _is_write(self, name: str, words: tuple[Any, ...]) -> bool:
        if name == "open":
            return bool(words[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR))
        if name == "write":
            return words[1:2] == ("wb",) and isinstance(words[0], str)
        return name != "fsync" or self._number != errno.EROFS


def asking(node: NodeRoot) -> Asking:
    made = Asking(node)
    made.machine = Commands(str(node.folder), program())
    return made


def prepared(folder: Path, verb: str) -> tuple[NodeRoot, dict[str, Any], dict[str, str]]:
    """A node on which `verb` comes next, with its arguments; and all that the node had before the apply."""
    node = NodeRoot(folder)
    (folder / "run/systemd/system").mkdir(parents=True)
    node.write("/proc/sys/net/ipv4/ip_forward", "0\n")
    here = asking(node)
    here.write(*(node.entry(path, text) for path, text in OLD.items()))
    here.value("finish")
    before = node.tree()
    entries = [node.entry(path, text) for path, text in NEW.items()]
    arguments = {"stage": {"files": entries}, "commit": {"files": entries}, "arm": ARM, "finish": {}}
    for step in ("stage", "arm", "commit"):
        if step == verb:
            break
        here.value(step, **arguments[step])
    return node, arguments.get(verb, {"id": "one"}), before


def files(tree: dict[str, str]) -> dict[str, str]:
    return {f"/{path}": text for path, text in tree.items() if f"/{path}" in TARGETS}


def without_leftovers(tree: dict[str, str]) -> dict[str, str]:
    """What is staged, or was set aside, is in nobody's way, and goes with the next stage."""
    return {path: text for path, text in tree.items() if not path.rpartition("/")[2].startswith(".")}


@pytest.mark.parametrize("number", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("verb", VERBS)
def test_whichever_write_fails_the_node_is_whole_and_can_be_put_back(
    tmp_path: Path, verb: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    origin, arguments, before = prepared(tmp_path / "origin", verb)
    whole = (OLD, {path: text for path, text in NEW.items() if text is not None})
    for nth in range(1, 200):
        node = copy.copy(origin)
        node.folder = tmp_path / str(nth)
        shutil.copytree(origin.folder, node.folder, symlinks=True)
        disk, here = Disk(node.folder, nth, number), asking(node)
        with pytest.MonkeyPatch.context() as patch:
            disk.breaks(patch)
            told = here.answer(verb, **arguments)
        if not disk.has_failed:
            assert told["ok"], told
            break
        assert "bug in pvesdn" not in str(told), told
        if not told["ok"] and number == errno.EROFS and "/lock: " in told["error"]:
            assert told["hint"].startswith("the node's disk takes no writes: see `dmesg` there"), told
        here.value("discard", files=[])  # whoever comes next recovers a swap that was cut off
        if verb != "undo":
            assert files(node.tree()) in whole, nth
        if verb == "disarm":
            here.value("disarm", id="one")
        else:
            assert here.value("undo", id="one")["state"] != "partly", nth
            assert without_leftovers(node.tree()) == before, nth
        entry = node.entry(FRR, "newer\n")
        assert here.problems(entry) == [], nth
        here.value("discard", files=[FRR])
        assert [path for path in node.tree() if path.rpartition("/")[2].startswith(".")] == [], nth
    assert nth > 3
