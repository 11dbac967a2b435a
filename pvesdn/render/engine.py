"""jinja2, set up once: templates print, they decide nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateError

from pvesdn.errors import SettingsError
from pvesdn.model.ifupdown import GUEST_PORTS
from pvesdn.resources import data_dir


def environment(templates: Path | None = None) -> Environment:
    """What templates are found and printed by.

    :param templates: a folder whose templates take the place of ours of the same name.
    """
    ours = data_dir("templates")
    return _ours(ours) if templates is None else _environment(templates, ours)


@cache
def _ours(templates: Path) -> Environment:
    """Made once: to compile our own templates takes longer than to print a small cluster, and they do not change."""
    return _environment(templates)


def _environment(*folders: Path) -> Environment:
    env = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        # These are no HTML pages: escaping would break addresses and aliases. What is printed was checked when it was
        # decoded.
        autoescape=False,  # noqa: S701
    )
    env.globals["guest_ports"] = GUEST_PORTS
    return env


@contextmanager
def template_errors() -> Iterator[None]:
    """Turn what jinja2 says of a template into an error of ours: only an operator's own template can be at fault.

    :raises SettingsError: a template names something unknown, or is malformed.
    """
    try:
        yield
    except TemplateError as error:
        name, line = getattr(error, "name", None), getattr(error, "lineno", None)
        where = f"template {name}:{line}: " if name and line else "template: "
        raise SettingsError(
            f"{where}{error.message}", hint="correct it, or do without templates of your own"
        ) from error


class Printer:
    """One template, ready to print thousands of values.

    A jinja2 context costs more than the few lines of a stanza: there is one, and its variables are exchanged.
    """

    def __init__(self, env: Environment, name: str) -> None:
        self._template = env.get_template(name)
        self._context = self._template.new_context()

    def text(self, **values: object) -> str:
        """The template's text."""
        self._context.vars.update(values)
        return "".join(self._template.root_render_func(self._context))


def render_template(env: Environment, name: str, /, **values: Any) -> str:
    """The whole text of a template."""
    return env.get_template(name).render(**values)
