"""What the steps of a scenario can do and prove."""
