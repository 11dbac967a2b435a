"""The user's verbs: read, plan, apply, watch. They know the world only through ports."""
