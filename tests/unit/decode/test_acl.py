"""The answer of `GET /access/acl`."""

from __future__ import annotations

import pytest

from pvesdn.decode.cluster.acl import decode_acl
from pvesdn.errors import ClusterError
from pvesdn.model.acl import AclEntry
from pvesdn.model.primitives import Json

ROW: dict[str, Json] = {"path": "/vms/100", "type": "user", "ugid": "ann@pve", "roleid": "PVEVMUser", "propagate": 1}


def test_an_entry_holds_below_its_path_unless_it_says_otherwise() -> None:
    silent = {key: value for key, value in ROW.items() if key != "propagate"}
    entries = decode_acl([ROW, silent, {**ROW, "propagate": "0"}])
    assert [entry.propagates for entry in entries] == [True, True, False]
    assert entries[0] == AclEntry("/vms/100", "user", "ann@pve", "PVEVMUser")


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({}, "the answer is not a JSON list"),
        ([{**ROW, "type": "realm"}], "type 'realm' is not user, group or token"),
        ([{**ROW, "ugid": "ann\n"}], "ugid is not printable text"),
        ([{**ROW, "propagate": 7}], "propagate is neither 0 nor 1"),
    ],
)
def test_what_pve_does_not_give_is_refused(answer: Json, what: str) -> None:
    with pytest.raises(ClusterError, match=f"GET /access/acl: {what}"):
        decode_acl(answer)
