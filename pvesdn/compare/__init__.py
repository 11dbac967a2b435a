"""What was rendered compared with what a node has: what would change, and how to show it. Pure; linear in the size of
the files.
"""
