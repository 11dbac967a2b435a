"""Values: frozen, typed, valid by construction. No I/O, no text of configuration files."""
