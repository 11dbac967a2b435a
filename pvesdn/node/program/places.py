"""Where on a node the program's own files and those it writes lie; all paths are the node's own, absolute."""

FRR_CONF = "/etc/frr/frr.conf"
FRR_DAEMONS = "/etc/frr/daemons"
SYSCTL_CONF = "/etc/sysctl.d/90-pvesdn.conf"
INTERFACES = ("/etc/network/interfaces.d/sdn", "/etc/network/interfaces.d/pvesdn")
TARGETS = frozenset([*INTERFACES, FRR_CONF, "/etc/frr/frr.conf.local", FRR_DAEMONS, SYSCTL_CONF])
"""What `stage` and `commit` may touch."""

CLUSTER_FOLDER = "/etc/pve/sdn"
"""The cluster's definitions, in its shared file system."""

STATE_DIR = "/var/lib/pvesdn"
LOCK = STATE_DIR + "/lock"
JOURNAL = STATE_DIR + "/commit.json"
RECORD = STATE_DIR + "/written.json"
CHECKPOINT = STATE_DIR + "/checkpoint.json"
"""How the node was before an apply that is not over; absent when none is."""
PROGRAM = STATE_DIR + "/program.py"
"""This program, left beside the checkpoint: `python3 /var/lib/pvesdn/program.py undo` needs no controller."""
RUNNING_CONFIG = CLUSTER_FOLDER + "/.running-config"
"""PVE's committed definitions."""
MEMBERS = "/etc/pve/.members"
"""Made by pmxcfs; it tells whether there is a quorum."""
LOCK_FOLDER = "/etc/pve/priv/lock"
"""PVE's own locks are here too."""
CLUSTER_LOCK = LOCK_FOLDER + "/pvesdn"
"""An empty folder while an apply is at work anywhere in the cluster."""
LOCK_HOLDER = LOCK_FOLDER + "/pvesdn.holder"
"""Whose it is. A folder with this in it would never be ended."""

UNITS_DIR = "/etc/systemd/system"
BOOTED_BY_SYSTEMD = "/run/systemd/system"
"""A folder that is there where systemd is process 1: sd_booted(3)."""
