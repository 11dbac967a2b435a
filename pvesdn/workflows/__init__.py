"""The verbs of the user: read, plan, apply, watch. They know the world through ports only."""
