"""The command that plugs a guest's device in again."""

from __future__ import annotations

import pytest

from pvesdn.compare.replugs import commands


@pytest.mark.parametrize(
    ("version", "script"),
    [
        *(("8.4", "/var/lib/qemu-server/pve-bridge"), ("9.1.4", "/usr/libexec/qemu-server/pve-bridge")),
        *(("", "/usr/libexec/qemu-server/pve-bridge"), ("²", "/usr/libexec/qemu-server/pve-bridge")),
        ("9" * 5000, "/usr/libexec/qemu-server/pve-bridge"),
    ],
)
def test_a_machine_is_plugged_in_by_the_script_of_its_pve_whatever_calls_itself_a_version(
    version: str, script: str
) -> None:
    assert [replug.command for replug in commands({"tap100i0"}, {"tap100i0"}, version)] == [f"{script} tap100i0"]
