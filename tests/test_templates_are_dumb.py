"""Templates print: what would need thought is a field of the design."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from pvesdn.render.engine import environment

TEMPLATES = Path(__file__).parents[1] / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.j2"))
ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const),
    *(nodes.For, nodes.If, nodes.Not, nodes.Include, nodes.Tuple),
)
"""`for`, `if x`, `if not x`, attributes, includes. Tests are judged apart: `is none` and `is not none` alone."""


def thoughts(source: str) -> Iterator[str]:
    """Everything in a template that decides or computes."""

    def walk(node: nodes.Node) -> Iterator[str]:
        is_none_test = isinstance(node, nodes.Test) and node.name == "none"
        if not (is_none_test or isinstance(node, ALLOWED)):
            yield f"line {node.lineno}: {type(node).__name__}"
        if isinstance(node, nodes.For) and (node.test is not None or node.recursive):
            yield f"line {node.lineno}: for with a condition"
        for child in node.iter_child_nodes():
            yield from walk(child)

    yield from walk(Environment(autoescape=False).parse(source))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_decides_nothing(name: str) -> None:
    assert list(thoughts((TEMPLATES / name).read_text())) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_template_ends_with_a_line_break_so_that_texts_can_be_joined(name: str) -> None:
    assert (TEMPLATES / name).read_text().endswith("\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles_as_the_renderer_has_it(name: str) -> None:
    assert environment().get_template(name).name == name


@pytest.mark.parametrize(
    "source",
    [
        "{% if x == 1 %}{% endif %}",
        "{% if x and y %}{% endif %}",
        "{{ x + 1 }}",
        "{{ x ~ y }}",
        "{{ 'a' if x else 'b' }}",
        "{% set x = 1 %}",
        "{{ x | upper }}",
        "{{ x.items() }}",
        "{{ x[0] }}",
        "{% if x is defined %}{% endif %}",
        "{% for x in y if x %}{% endfor %}",
    ],
)
def test_thought_is_noticed(source: str) -> None:
    assert list(thoughts(source))
