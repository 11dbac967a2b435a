"""What pvesdn is tried on: a simulated Proxmox VE cluster, and a live lab of network namespaces. Not for nodes."""
