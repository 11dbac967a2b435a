"""From what nodes have to what was meant: hand-written stanzas and FRR text back to the objects of pvesdn.cfg. Pure."""
