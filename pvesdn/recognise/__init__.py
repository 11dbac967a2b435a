"""From what nodes have to what was meant: hand-written stanzas and FRR text become objects of pvesdn.cfg. Pure."""
