"""pvesdn: the networks of a Proxmox VE cluster, from definitions to working nodes."""

__version__ = "0.1.0"
