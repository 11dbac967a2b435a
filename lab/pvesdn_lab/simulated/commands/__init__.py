"""What a simulated node runs in place of its own tools; standard library only, state kept below the node's folder."""
