"""Debian's kernel on this machine's own files, for what the running kernel lacks: in user mode, or under qemu."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from pvesdn.errors import SettingsError
from pvesdn_lab.live.outside.machines.machine import SHARED, VirtualMachine
from pvesdn_lab.live.outside.machines.qemu import QEMU, Qemu
from pvesdn_lab.live.outside.machines.usermode import NEWEST, USER_MODE, UserMode, is_fit
from pvesdn_lab.live.packages import Say, Unpacked, fetch

__all__ = ["KINDS", "SHARED", "VirtualMachine", "choose"]

KINDS = ("auto", "uml", "qemu")
"""What can be asked for."""


def choose(kind: str, say: Say) -> VirtualMachine:
    """A machine of the kind, its packages fetched.

    ``auto`` is qemu where the processor can virtualise, else user-mode Linux where Debian has it, else qemu all the
    same: user-mode Linux runs programs at the processor's own speed, emulation takes several times as long
    (docs/decisions/0012-user-mode-linux.md).

    :raises SettingsError: its packages cannot be had.
    """
    if kind == "qemu" or (kind == "auto" and (_virtualises() or platform.machine() != "x86_64")):
        return _qemu(say)
    try:
        machine = UserMode(fetch(USER_MODE, say), newest=_newest(say))
    except SettingsError:
        if kind == "uml":
            raise
        return _qemu(say)
    say("this kernel has no VRF devices: what needs them runs on Debian's kernel in user mode, which takes longer")
    return machine


def _newest(say: Say) -> Unpacked | None:
    """Debian's newest user-mode kernel; None, with a word, where it cannot be had."""
    try:
        found = fetch(NEWEST, say)
    except SettingsError as error:
        reason = str(error)
    else:
        if is_fit(found):
            return found
        reason = "it does not start here"
    say(f"the release's own user-mode kernel takes three times as long as Debian's newest, but {reason}")
    return None


def _qemu(say: Say) -> VirtualMachine:
    say("this kernel has no VRF devices: what needs them runs on Debian's kernel under qemu, which takes longer")
    return Qemu(fetch(QEMU, say), accelerator="kvm" if _virtualises() else "tcg,thread=multi")


def _virtualises() -> bool:
    """KVM where the processor says that it has it: /dev/kvm alone is no proof in a guest, where qemu may hang on it."""
    flags = set(Path("/proc/cpuinfo").read_text("ascii", errors="replace").split())
    return bool(flags & {"vmx", "svm"}) and os.access("/dev/kvm", os.R_OK | os.W_OK)
