"""What stays behind on an armed node and acts when nobody asks, as units of systemd, until it is taken away.

The units are files on disk, so that a reboot does not lose them: what `systemd-run` starts is gone after one. They are
the same on every node and for every apply, and are taken away when the apply is over. What they run looks at the
checkpoint and does nothing while its deadline lies ahead.
"""

import contextlib
import os

from pvesdn.node.program.files import remove_whole
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CHECKPOINT, PROGRAM, UNITS_DIR

TIMER = "pvesdn-undo.timer"
SERVICE = "pvesdn-undo.service"
AT_BOOT = "pvesdn-undo-at-boot.service"

# A timer with OnCalendar in the past never fires once it is started, and OnActiveSec alone begins again at every
# daemon-reload (systemd 31914): this one looks every five seconds, and what it runs knows the deadline.
UNITS = {
    TIMER: """\
[Unit]
Description=Look every five seconds whether an apply of pvesdn has been left alone on this node
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target

[Timer]
OnActiveSec=5
OnUnitInactiveSec=5
AccuracySec=1s

[Install]
WantedBy=timers.target
""",
    # KillMode: what ifupdown2 starts, such as a DHCP client, has to stay. Python ends with 2 where the program is gone:
    # the apply is over since a moment ago, and no failed unit is to be left behind.
    SERVICE: f"""\
[Unit]
Description=Put this node's network back if the apply of pvesdn that changed it has been left alone
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
After={AT_BOOT} networking.service frr.service
RequiresMountsFor=/var/lib/pvesdn
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 -I {PROGRAM} undo --if-overdue
KillMode=process
SuccessExitStatus=2
""",
    # Debian's networking.service of ifupdown2 does not wait for network-pre.target alone.
    AT_BOOT: f"""\
[Unit]
Description=Put this node's network configuration back if it was restarted in the middle of an apply of pvesdn
DefaultDependencies=no
After=local-fs.target
Before=systemd-sysctl.service networking.service frr.service network-pre.target
Wants=network-pre.target
RequiresMountsFor=/var/lib/pvesdn
ConditionPathExists={CHECKPOINT}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/python3 -I {PROGRAM} undo --at-boot
TimeoutStartSec=90

[Install]
WantedBy=sysinit.target
""",
    # At a node's boot PVE commits whatever definitions are pending, for the whole cluster.
    "pve-sdn-commit.service.d/pvesdn.conf": f"""\
[Unit]
ConditionPathExists=!{CHECKPOINT}
""",
}
"""Text of each, by its path below `UNITS_DIR`."""
WANTED = {f"timers.target.wants/{TIMER}": TIMER, f"sysinit.target.wants/{AT_BOOT}": AT_BOOT}
"""Links by which systemd starts them at boot; what `systemctl enable` makes."""


def is_on_disk(machine: Machine) -> bool:
    """Whether the guard that was set survives a reboot."""
    return os.path.lexists(machine.place(f"{UNITS_DIR}/{TIMER}"))


def clear_guard(machine: Machine) -> None:
    """The apply is over: nothing of it acts any more. The caller holds the lock, and no checkpoint is there."""
    paths = [f"{UNITS_DIR}/{name}" for name in (*WANTED, *UNITS)]
    if any(os.path.lexists(machine.place(path)) for path in paths):
        with contextlib.suppress(Refused):
            machine.run(["systemctl", "stop", "--no-block", TIMER], limit=30)
    for path in paths:
        remove_whole(machine, path)
    with contextlib.suppress(OSError):  # somebody else has a drop-in there too, or it is not there
        os.rmdir(os.path.dirname(machine.place(paths[-1])))
    remove_whole(machine, PROGRAM)
