"""Metrics as text: what Prometheus's own parser reads back, and nothing of this process's own."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from pvesdn.model import metrics as m
from pvesdn.model.metrics import Family, Sample
from pvesdn.render.prometheus import exposition


def test_what_is_written_is_what_is_read() -> None:
    awkward = 'the "blue" one\\ näh'
    families = (
        Family(m.VNI_INFO, (Sample(("5", "vxlan_a", "a", "z", awkward), 1.0),)),
        Family(m.SESSIONS, (Sample(("node/pve1",), 3.0), Sample(("node/pve2",), 0.0))),
    )

    found = list(text_string_to_metric_families(exposition(families)))

    assert [(family.name, family.type) for family in found] == [
        ("pvesdn_vni_info", "gauge"),
        ("pvesdn_node_bgp_sessions_expected", "gauge"),
    ]
    assert found[0].samples[0].labels["alias"] == awkward
    assert [(sample.labels["id"], sample.value) for sample in found[1].samples] == [("node/pve1", 3), ("node/pve2", 0)]
    assert [family.documentation for family in found] == [m.VNI_INFO.help, m.SESSIONS.help]


def test_a_label_that_is_no_text_does_not_end_the_others() -> None:
    families = (Family(m.CLUSTER_INFO, (Sample(("cluster/lab", "8.\ud800"), 1.0),)),)

    assert 'pve_version="8.\\\\ud800"' in exposition(families)


def test_nothing_but_the_families_is_told() -> None:
    assert exposition(()) == ""
