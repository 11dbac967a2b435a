"""The rows of import, subject by subject."""

from tests.hints import (
    of_imports_crowds,
    of_imports_flooding,
    of_imports_found,
    of_imports_mesh,
    of_imports_rest,
    of_imports_sessions,
    of_imports_stanzas,
    of_imports_vrfs,
    of_imports_zones,
)

IMPORT_ROWS = (
    *of_imports_stanzas.ROWS,
    *of_imports_crowds.ROWS,
    *of_imports_flooding.ROWS,
    *of_imports_found.ROWS,
    *of_imports_sessions.ROWS,
    *of_imports_mesh.ROWS,
    *of_imports_vrfs.ROWS,
    *of_imports_zones.ROWS,
    *of_imports_rest.ROWS,
)
