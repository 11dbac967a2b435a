"""From one node's design to the text of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pvesdn.decode.frr.local import read_local
from pvesdn.design.merge.local import merge_local
from pvesdn.model.design import NodeDesign
from pvesdn.model.dhcp_unit import zone_of
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_INTERFACES, OUR_SYSCTL, RenderedFile
from pvesdn.render.engine import environment, render_template, template_errors
from pvesdn.render.frr import frr_conf, frr_conf_local, frr_daemons
from pvesdn.render.interfaces import InterfacesPrinter


class Renderer:
    """Prints designs. Deterministic; keeps the texts of stanzas that nodes share, so one Renderer serves a whole
    cluster.

    :param templates: a folder whose templates take the place of ours of the same name.
    """

    def __init__(self, templates: Path | None = None) -> None:
        self._env = environment(templates)
        self._interfaces = InterfacesPrinter(self._env)

    def render(self, design: NodeDesign, files: Mapping[str, str]) -> tuple[RenderedFile, ...]:
        """The files of one node, sorted by path.

        :param files: the texts that are on the node now, by absolute path: of frr.conf.local and daemons what is not
            ours stays as it is.
        :returns: with `text` None a file that must not exist, whether it does or not. Two exceptions follow from whose
            file it is: frr.conf with `text` None is left alone, since it is nobody's as far as can be told, or since
            PVE fails before it writes it; a file that is missing here is nobody's business of ours (`interfaces.d/sdn`
            that cannot be told, daemons where none is needed, frr.conf.local without a block of ours).
        :raises SettingsError: a template of the operator's own cannot be printed.
        """
        with template_errors():
            return self._render(design, files)

    def _render(self, design: NodeDesign, files: Mapping[str, str]) -> tuple[RenderedFile, ...]:
        block = design.frr if design.frr is not None and design.frr.is_local_block else None
        local = frr_conf_local(self._env, block, files.get(FRR_CONF_LOCAL))
        daemons = files.get(FRR_DAEMONS)
        has_daemons = bool(daemons or design.daemons)  # no FRR is there where neither is, and none is wanted
        rendered = (
            self._ours(design),
            None if design.sdn is None else self._interfaces.pve(design.sdn),
            self._frr_conf(design, files.get(FRR_CONF_LOCAL) if local is None else local.text),
            local,
            frr_daemons(self._env, design.daemons | (design.pve_daemons if has_daemons else frozenset()), daemons),
            self._sysctl(design),
            *self._drop_ins(design, files),
        )
        return tuple(sorted((file for file in rendered if file is not None), key=lambda file: file.path))

    def _ours(self, design: NodeDesign) -> RenderedFile:
        if design.interfaces is None:
            return RenderedFile(path=OUR_INTERFACES, text=None)
        return self._interfaces.ours(design.interfaces)

    def _sysctl(self, design: NodeDesign) -> RenderedFile:
        if not design.sysctls:
            return RenderedFile(path=OUR_SYSCTL, text=None)
        text = render_template(self._env, "sysctl/90-pvesdn.conf.j2", sysctls=design.sysctls)
        return RenderedFile(path=OUR_SYSCTL, text=text, sysctls=design.sysctls)

    def _drop_ins(self, design: NodeDesign, files: Mapping[str, str]) -> Iterator[RenderedFile]:
        for unit in design.dhcp:
            yield RenderedFile(unit.path, render_template(self._env, "systemd/dnsmasq.conf.j2", unit=unit))
        wanted = {unit.path for unit in design.dhcp}
        yield from (RenderedFile(path, None) for path in files if zone_of(path) is not None and path not in wanted)

    def _frr_conf(self, design: NodeDesign, local: str | None) -> RenderedFile:
        """:param local: the text of frr.conf.local as it will be."""
        config = design.pve_frr if design.frr is None or design.frr.is_local_block else design.frr
        merge = None
        if config is not None and design.owners.pve_writes_frr and local is not None:
            merge = merge_local(config, read_local(local))
            config = merge.merged
        if config is None:
            return RenderedFile(path=FRR_CONF, text=None, mode="0640", owner="frr:frr", merge=merge)
        return replace(frr_conf(self._env, config), merge=merge)
