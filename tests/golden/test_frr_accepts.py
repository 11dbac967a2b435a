"""FRR's own parser on every expected file; it needs no daemon."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
VTYSH = shutil.which("vtysh", path="/usr/bin:/usr/local/bin") or shutil.which("vtysh")
CASES = HERE.parent
FILES = sorted(CASES.glob("golden*/*/expected/*/etc/frr/frr.conf*"))


REFUSED = {
    # Proxmox's own FRR alone knows the command.
    "golden_pve/ipv6-spelling/expected/oak/etc/frr/frr.conf": {53},
    # What PVE itself writes over a frr.conf.local that breaks it: an address family outside of any router…
    "golden_pve/local-breaks-pve/expected/ash/etc/frr/frr.conf": {38, 39, 40},
    # …and a router that ends before its address families, after which the next one is still inside of it.
    "golden_pve/local-breaks-pve/expected/elm/etc/frr/frr.conf": {*range(27, 33), *range(35, 40)},
}
"""Lines of PVE's own text that this FRR refuses: the plan warns of those files, and PVE writes them all the same."""


@pytest.mark.skipif(VTYSH is None, reason="vtysh is not here, so FRR's parser was not asked: tools/setup test")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(CASES).as_posix())
def test_frr_finds_no_fault(file: Path) -> None:
    answer = subprocess.run(
        [str(VTYSH), "-C", "-f", str(file)], check=False, capture_output=True, text=True, timeout=30
    )
    faults = [line for line in answer.stderr.splitlines() if line.startswith("line ")]
    refused = REFUSED.get(file.relative_to(CASES).as_posix(), set())
    assert {int(re.findall(r"^line (\d+):", fault)[0]) for fault in faults} == refused, faults
    assert refused or answer.returncode == 0


def test_every_case_with_frr_is_asked_about() -> None:
    assert len(FILES) > 60
