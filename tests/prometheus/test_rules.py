"""The alert rules and the metrics, as promtool judges them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from pvesdn.model.metrics import METRICS
from tests.cli.kit import call
from tests.cli.test_verify import HEALTHY
from tests.prometheus.programs import PROMTOOL, RULES, needed

HERE = Path(__file__).parent
NAMES = {metric.full_name for metric in METRICS}


def promtool(*words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run(
        [PROMTOOL, *map(str, words)], input=text, capture_output=True, text=True, check=False, timeout=120
    )  # fmt: skip


@needed
def test_the_rules_are_rules() -> None:
    done = promtool("check", "rules", RULES)
    assert (done.returncode, "SUCCESS" in done.stdout, done.stderr) == (0, True, "")


@needed
def test_each_rule_fires_when_it_has_to_and_not_before() -> None:
    done = promtool("test", "rules", HERE / "rules.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needed
def test_promtool_has_nothing_against_the_metrics_but_the_spelling_of_frrs_exporter() -> None:
    done = promtool("check", "metrics", text=call("metrics", "--from", HEALTHY).out)
    left = {line.partition(" ")[2] for line in done.stderr.splitlines() if not line.startswith("pvesdn_vni_")}
    spelling = {line.partition(" ")[2] for line in done.stderr.splitlines() if line.startswith("pvesdn_vni_")}
    assert left == set()
    assert spelling == {"label names should be written in 'snake_case' not 'camelCase'"}


def test_rules_know_only_metrics_that_there_are() -> None:
    said = re.findall(r"^ +expr: (?:\|\n)?((?:.|\n(?! +\w+:))+)", RULES.read_text(), re.MULTILINE)
    assert set(re.findall(r"pvesdn_\w+", "\n".join(said))) <= NAMES
    assert len(said) == RULES.read_text().count("- alert:")


def test_each_alert_is_tried() -> None:
    tried = (HERE / "rules.test.yml").read_text()
    assert {name for name in re.findall(r"- alert: (\w+)", RULES.read_text()) if name not in tried} == set()


def test_no_alert_sends_to_a_verb_that_holds_the_network_against_other_definitions() -> None:
    said = dict(re.findall(r"- alert: (\w+)((?:.|\n)*?)(?=\n\n|\Z)", RULES.read_text()))
    assert len(said) == RULES.read_text().count("- alert:")
    # Only verify sends packets, and what they find is none of the definitions'.
    assert [name for name, text in said.items() if "pvesdn verify" in text] == ["PvesdnPathFails"]
