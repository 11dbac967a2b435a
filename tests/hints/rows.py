"""The table, subject by subject."""

from tests.hints import of_devices, of_exits, of_fabrics, of_members, of_nodes, of_pves_files, of_tunnels

ROWS = (
    *of_exits.ROWS,
    *of_devices.ROWS,
    *of_tunnels.ROWS,
    *of_members.ROWS,
    *of_pves_files.ROWS,
    *of_fabrics.ROWS,
    *of_nodes.ROWS,
)
