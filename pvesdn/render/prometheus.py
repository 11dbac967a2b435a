"""Metrics as the text that Prometheus reads: format 0.0.4, which node_exporter's textfile collector takes as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pvesdn.model.metrics import Family

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Collected(Collector):
    """:param families: handed to the library once."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families as the library has them."""
        for family in self._families:
            metric = family.metric
            told = GaugeMetricFamily(metric.full_name, metric.help, labels=metric.labels)
            for sample in family.samples:
                told.add_metric([_printable(label) for label in sample.labels], sample.value)
            yield told


def _printable(label: str) -> str:
    """Half a character, which JSON can name and UTF-8 cannot, as its number: one such label would end all of it."""
    return label if label.isascii() else label.encode("utf-8", "backslashreplace").decode("utf-8")


def exposition(families: Iterable[Family]) -> str:
    """The text, of these families alone: the library's own of this process are not in it."""
    # With `auto_describe` the families would be collected to be registered, and again to be printed.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    return generate_latest(registry).decode("utf-8")
