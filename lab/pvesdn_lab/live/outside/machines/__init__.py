"""Debian's kernel on this machine's own files, for what the running kernel lacks: in user mode, or under qemu."""

from __future__ import annotations

import os
import platform
from dataclasses import replace
from pathlib import Path

from pvesdn.errors import SettingsError
from pvesdn_lab.live.outside.machines.machine import SHARED, VirtualMachine
from pvesdn_lab.live.outside.machines.qemu import QEMU, Qemu
from pvesdn_lab.live.outside.machines.usermode import (
    NEWEST,
    USER_MODE,
    UserMode,
    boots,
    linux,
    make_ready,
    releases_linux,
)
from pvesdn_lab.live.packages import Say, Unpacked, fetch

__all__ = ["KINDS", "SHARED", "VirtualMachine", "choose", "with_nat"]

KINDS = ("auto", "uml", "qemu")
"""What can be asked for."""

_EMULATED = "tcg,thread=multi"


def choose(kind: str, say: Say) -> VirtualMachine:
    """A machine of the kind, its packages fetched.

    ``auto`` is qemu where the processor can virtualise, else user-mode Linux where Debian has one that boots, else qemu
    all the same: user-mode Linux runs programs at the processor's own speed, emulation takes several times as long
    (docs/decisions/0012-user-mode-linux.md).

    :raises SettingsError: its packages cannot be had, or it does not boot.
    """
    if kind == "qemu" or (kind == "auto" and (_virtualises() or platform.machine() != "x86_64")):
        return _qemu(say)
    try:
        machine = _user_mode(say)
    except SettingsError:
        if kind == "uml":
            raise
        return _qemu(say)
    say("this kernel has no VRF devices: what needs them runs on Debian's kernel in user mode, which takes longer")
    return machine


def with_nat(machine: VirtualMachine, say: Say) -> VirtualMachine:
    """The machine for what needs NAT by iptables, where `machine` does the rest.

    The newest user-mode kernel is built without it, the release's with it; but that one does not boot on every
    processor.

    :raises SettingsError: its packages cannot be had.
    """
    if not isinstance(machine, UserMode) or machine.newest is None:
        return machine
    if boots(releases_linux(machine.packages)):
        return replace(machine, newest=None)
    say("what needs NAT runs on Debian's kernel under qemu: in user mode it does not boot on this processor")
    return Qemu(fetch(QEMU, say), accelerator=_EMULATED)


def _user_mode(say: Say) -> UserMode:
    machine = UserMode(fetch(USER_MODE, say), newest=_newest(say))
    if machine.newest is None and not boots(releases_linux(machine.packages)):
        raise SettingsError("Debian's user-mode kernel does not boot on this processor", hint="say --machine qemu")
    return machine


def _newest(say: Say) -> Unpacked | None:
    """Debian's newest user-mode kernel; None, with a word, where it cannot be had."""
    try:
        found = fetch(NEWEST, say)
    except SettingsError as error:
        reason = str(error)
    else:
        make_ready(found)
        if boots(linux(found)):
            return found
        reason = "it does not boot here"
    say(f"the release's own user-mode kernel takes three times as long as Debian's newest, but {reason}")
    return None


def _qemu(say: Say) -> VirtualMachine:
    say("this kernel has no VRF devices: what needs them runs on Debian's kernel under qemu, which takes longer")
    return Qemu(fetch(QEMU, say), accelerator="kvm" if _virtualises() else _EMULATED)


def _virtualises() -> bool:
    """KVM where the processor says that it has it: /dev/kvm alone is no proof in a guest, where qemu may hang on it."""
    flags = set(Path("/proc/cpuinfo").read_text("ascii", errors="replace").split())
    return bool(flags & {"vmx", "svm"}) and os.access("/dev/kvm", os.R_OK | os.W_OK)
