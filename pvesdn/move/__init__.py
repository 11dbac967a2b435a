"""Zones between PVE's panel and `pvesdn.cfg`: what comes along, what is lost, what changes on the wire. Pure."""
