"""Where on a node the program's own files and those it writes lie; all paths are the node's own, absolute."""

import re

FRR_CONF = "/etc/frr/frr.conf"
FRR_DAEMONS = "/etc/frr/daemons"
SYSCTL_CONF = "/etc/sysctl.d/90-pvesdn.conf"
SDN_INTERFACES = "/etc/network/interfaces.d/sdn"
"""The interfaces file that PVE writes at every reload."""
OUR_INTERFACES = "/etc/network/interfaces.d/pvesdn"
INTERFACES = (SDN_INTERFACES, OUR_INTERFACES)
TARGETS = frozenset([*INTERFACES, FRR_CONF, "/etc/frr/frr.conf.local", FRR_DAEMONS, SYSCTL_CONF])
"""What `stage` and `commit` may touch besides drop-ins."""

IFUPDOWN_LOCK = "/run/network/.lock"
"""ifupdown2's: held while one of its commands runs."""
IFUPDOWN_SETTINGS = "/etc/network/ifupdown2/ifupdown2.conf"
IFUPDOWN_STATE_DIR = "/var/tmp/network"
"""Where ifupdown2 keeps what it remembers of what it has brought up, unless its settings say another folder."""

CLUSTER_FILES = "/etc/pve"
"""Where pmxcfs shows the cluster's shared file system."""
CLUSTER_FOLDER = CLUSTER_FILES + "/sdn"
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
SDN_LOCK = CLUSTER_FOLDER + "/.lock"
"""PVE's own lock of its definitions: the token of whoever holds it, and nothing else."""
MEMBERS = "/etc/pve/.members"
"""Made by pmxcfs; it tells whether there is a quorum."""
LOCK_FOLDER = "/etc/pve/priv/lock"
"""PVE's own locks are here too."""
CLUSTER_LOCK = LOCK_FOLDER + "/pvesdn"
"""An empty folder while an apply is at work anywhere in the cluster."""
LOCK_HOLDER = LOCK_FOLDER + "/pvesdn.holder"
"""Whose it is. A folder with this in it would never be ended."""

UNITS_DIR = "/etc/systemd/system"
DROP_IN_NAME = "pvesdn.conf"
DROP_IN = re.compile(UNITS_DIR + r"/dnsmasq@([a-zA-Z][a-zA-Z0-9]{1,7})\.service\.d/" + re.escape(DROP_IN_NAME))
"""Our drop-in for the dnsmasq of one of PVE's zones: the only file of ours with somebody else's name in its path."""
BOOTED_BY_SYSTEMD = "/run/systemd/system"
"""A folder that is there where systemd is process 1: sd_booted(3)."""
