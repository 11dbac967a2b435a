"""What need not be followed in a plan: hints about the world outside, and what only stands in a hint's place."""

OUTSIDE = {
    "bring nodes back until 'pvecm status' says Quorate: Yes": "a quorum is the cluster's own affair",
    "ask a node of the cluster, or take the snapshot again": "the answer came from somewhere else",
    "check 'ip route get .*' there": "a look at the node, which changes nothing",
    "check 'ip route get .*' on .*": "a look at the node, which changes nothing",
    "compare 'ip route get PEER from VTEP' there with what pvesdn show says": "a look at the node",
    "check /etc/frr/frr.conf there after applying": "a look at the node, after an apply",
    "check frr.conf after applying": "a look at the node, after an apply",
    "install libpve-network-perl on every node, or remove them": "a package; then it is another cluster",
    "apt install .*": "a package, by the node's own package manager",
    "install .* .* or later from Proxmox's own repository": "a package, by the node's own package manager",
    "apt install frr frr-pythontools": "a package, by the node's own package manager",
    "apt install ifupdown2": "a package, by the node's own package manager",
    "apt install .* on the node whose API is asked, then systemctl restart pvedaemon pveproxy": "a package",
    "the API alone does not show these files: check SSH to the nodes": "SSH, which a snapshot does not need",
    "see the reloadnetworkall task of the node that was asked, then run pvesdn apply again": "a task of PVE's",
    "see the node's task list": "a task of PVE's",
    "check a folder that holds zones.cfg too": "another call of pvesdn check",
    "check a folder that holds controllers.cfg too": "another call of pvesdn check",
    "apply the SDN configuration in PVE to rewrite it": "PVE's own Apply",
    "apply the node's network configuration in PVE, which rewrites it": "PVE's own reload",
    "see `journalctl -u pvesdn-undo` there, and run pvesdn apply again": (
        "a look at the node, and what pvesdn does itself"
    ),
    "see `pvecm status`, and run pvesdn apply again when there is a quorum": "a quorum is the cluster's own affair",
    "see `pvecm status`, and apply again when there is a quorum": "a quorum is the cluster's own affair",
    "ask who has forced it, then run pvesdn plan": "a question to colleagues, and what pvesdn does itself",
    "keep `pvesdn snapshot` of this, and report it": "a report to those who make pvesdn",
    "see pvesdn verify, and report it": "a look, and a report to those who make pvesdn",
    "add the line '.*' below [RULES] of .*; pve-firewall takes it within 10 s": "PVE's firewall, which no plan reads",
    "run pvesdn apply again": "what pvesdn does itself",
    "run pvesdn apply without --node soon after": "what pvesdn does itself",
    "run pvesdn import again": "what pvesdn does itself",
    "run pvesdn plan and pvesdn apply first": "what pvesdn does itself",
    "look at it, then use --overwrite to replace it": "a decision of a person's, and an option",
    "have a fabric of PVE take over in the same apply: docs/import.md, 'Where FRR runs the underlay too'": "a page, walked live",
    "have the peer accept the session from there": "a router outside the cluster",
    "keep the zone in PVE if guests must not reach each other": "a decision of a person's: then nothing moves",
    "keep the zone in PVE if guests must not use other MAC addresses": "a decision of a person's: then nothing moves",
    "run pvesdn apply, which puts its own file in place before the reload that rewrites PVE's": "what pvesdn does itself",
    "check what comes before our block in the file, and the AS numbers of PVE's controllers": (
        "no input leads there: the block is written below a line that ends whatever is open, with PVE's own AS number"
    ),
    "use another one in the exit, or wait until it exists": "a plan says instead at which line, and which was meant",
    "save it with plain line endings": "an editor's setting; run dos2unix is the same of a file",
}
"""Hints about something that no plan can show done, with the reason."""

NO_ORDER = {
    "PVE itself never removes them: to remove everything, delete it in PVE",
    "only Proxmox's own build does",
    "it gets one with each apply",
    "pvesdn plan shows what is pending",
    "nothing was changed anywhere",
    "the next reload of its network puts it right",
    "left to PVE: .*",
    "what PVE writes for its own zones there may differ from what pvesdn expects",
    "its text is in another order there than pvesdn renders it; it means the same",
    "every node keeps a VTEP of its own",
    "pvesdn makes VXLAN devices of the kernel's, in Linux bridges",
    "guests learn the new one when their ARP entry expires",
    "EVPN written by hand alongside them cannot be imported",
}
"""What stands in a hint's place and says what comes of it."""

NO_HINT = {
    ("design/expected_routes.py", "set metric "),
    ("design/pve/bgp.py", "set src .*"),
    ("design/pve/exits.py", "set metric 200"),
    ("design/pve/fabrics.py", "set src .*"),
    ("design/pve/spelling.py", "set src "),
    ("design/checks/multicast.py", "leave by .*"),
    ("design/checks/multicast.py", "leave by no device that is known"),
    ("decode/definitions/own_grammar.py", "list of node names"),
    ("decode/definitions/own_grammar.py", "list of `NODE=IP`"),
    ("decode/definitions/own_grammar.py", "list of IP addresses"),
    ("decode/definitions/own_grammar.py", "list of IP addresses and node names"),
    ("decode/definitions/own_grammar.py", "list of `ASN:NUMBER`"),
    ("move/script.py", "set -e"),
    ("workflows/confirmation.py", "apply .* is still at work on .*, so nothing was confirmed"),
    ("workflows/left_open.py", "apply .* by .*.* is open on .* and .*; nothing was touched"),
    ("workflows/left_open.py", "put back as it was"),
    ("workflows/left_open.py", "put back in part"),
    ("workflows/transaction.py", "put back as it was, because .*"),
}
"""Texts that begin like an order and are not one: FRR's commands, and what the reference says."""
