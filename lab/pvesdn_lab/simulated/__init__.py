"""A simulated Proxmox VE cluster: a stateful API over HTTPS, and nodes that are folders."""
