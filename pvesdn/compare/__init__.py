"""Text against text: what would change on a node, and how to show it. Pure, and linear in the size of the files."""
