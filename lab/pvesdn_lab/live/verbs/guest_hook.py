"""The hookscript for guests on real nodes: called as PVE calls it, with what it needs of PVE in /etc/pve."""

from __future__ import annotations

from pvesdn.resources import data_dir
from pvesdn_lab.live.verbs.context import Context, require

_VMID = 4711
_SCRIPT = "/root/pvesdn-guest"
_SETTINGS = "etc/pve/priv/pvesdn.toml"


def guest_hook(context: Context, *, node: str, vnet: str, refuse: str = "", status: int = 0, says: str = "") -> str:
    """A guest with a network device in a VNet is about to start on a node.

    :param refuse: what the settings say; empty leaves the default.
    :param status: with which the script is to end.
    :param says: words that it is to print; empty for nothing at all.
    """
    there = context.lab.node(node)
    guest, settings = there.root / f"etc/pve/qemu-server/{_VMID}.conf", there.root / _SETTINGS
    script = there.root / _SCRIPT.lstrip("/")
    script.write_bytes((data_dir("hooks") / "pvesdn-guest").read_bytes())
    script.chmod(0o755)
    guest.parent.mkdir(exist_ok=True)
    try:
        guest.write_text(f"net0: virtio=BC:24:11:00:00:01,bridge={vnet}\n", "utf-8")
        if refuse:
            settings.write_text(f'[guests]\nrefuse = "{refuse}"\n', "utf-8")
        done = there.space.call(_SCRIPT, str(_VMID), "pre-start")
    finally:
        for path in (guest, settings, script):
            path.unlink(missing_ok=True)
        guest.parent.rmdir()
    said = (done.stdout + done.stderr).strip()
    require(done.returncode == status, f"exit status {status}", f"{done.returncode}: {said}")
    require(says in said if says else not said, f"it to say '{says}'" if says else "it to say nothing", said)
    return f"exit status {status}: {' | '.join(said.splitlines()) or 'not a word'}"
