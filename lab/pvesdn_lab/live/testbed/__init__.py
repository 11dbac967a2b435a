"""What a live lab is built of: switches and cards, nodes, guests, routers, and the cluster that they make up."""
