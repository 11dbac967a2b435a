"""What the verbs that look say to do next: whoever does it is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.kit import call
from tests.cli.test_status import more_zones
from tests.cli.test_verify import HEALTHY

FROM = ("--from", str(HEALTHY))
_WITHOUT = "needs a cluster, and --from has none; leave one of them out"


@pytest.mark.parametrize(
    ("refused", "told", "taken"),
    [
        (("status", *FROM, "--watch"), _WITHOUT, ("status", *FROM)),
        (("verify", *FROM, "--wait", "30"), _WITHOUT, ("verify", *FROM)),
        (("trace", *FROM, "--ping", "10.20.1.1", "10.20.2.1"), _WITHOUT, ("trace", *FROM, "10.20.1.1", "10.20.2.1")),
        (("metrics", *FROM, "--paths"), _WITHOUT, ("metrics", *FROM)),
        (
            ("status", "--from", "{more}", "--zone", "some", "--node", "node2"),
            "there is nothing of some on node2; leave one of them out",
            ("status", "--from", "{more}", "--zone", "some"),
        ),
        (
            ("topology", *FROM, "--format", "dot", "--zone", "plain", "--vnet", "web"),
            "nothing is of all of zone plain; VNet web; leave one of them out",
            ("topology", *FROM, "--format", "dot", "--vnet", "web"),
        ),
        (
            ("topology", *FROM, "-o", "{folder}/a.dot", "--format", "mermaid"),
            "its ending says dot, and --format mermaid; leave one of them out",
            ("topology", *FROM, "-o", "{folder}/a.dot"),
        ),
        (
            ("topology", *FROM, "-o", "{folder}/a.png"),
            "and no png; pipe --format dot into dot -Tpng",
            ("topology", *FROM, "--format", "dot"),
        ),
        (
            ("topology", *FROM, "--format", "dot", "-o", "{folder}"),
            "Is a directory; choose another place",
            ("topology", *FROM, "--format", "dot", "-o", "{folder}/another.dot"),
        ),
    ],
    ids=lambda words: " ".join(words[:1]) if isinstance(words, tuple) else "",
)
def test_who_does_as_a_verb_says_is_served(
    refused: tuple[str, ...], told: str, taken: tuple[str, ...], tmp_path: Path
) -> None:
    more = more_zones(tmp_path)
    names = {"more": more, "folder": tmp_path}
    first = call(*(word.format(**names) for word in refused))
    assert first.status in {1, 2}
    assert told in first.err
    second = call(*(word.format(**names) for word in taken))
    assert second.out or second.err.startswith("wrote ")
    assert "error:" not in second.err
