"""The table, subject by subject."""

from tests.hints import (
    of_carried,
    of_devices,
    of_exits,
    of_fabrics,
    of_members,
    of_moves,
    of_nodes,
    of_paths,
    of_pves_bridges,
    of_pves_exits,
    of_pves_files,
    of_pves_own,
    of_pves_peers,
    of_tunnels,
)

ROWS = (
    *of_carried.ROWS,
    *of_exits.ROWS,
    *of_devices.ROWS,
    *of_tunnels.ROWS,
    *of_paths.ROWS,
    *of_members.ROWS,
    *of_pves_files.ROWS,
    *of_pves_peers.ROWS,
    *of_pves_exits.ROWS,
    *of_pves_bridges.ROWS,
    *of_pves_own.ROWS,
    *of_fabrics.ROWS,
    *of_nodes.ROWS,
    *of_moves.ROWS,
)
