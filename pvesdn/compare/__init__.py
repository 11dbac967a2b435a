"""What was rendered against what a node has: what would change, and how to show it. Pure; linear in the size of the
files.
"""
