"""What runs on a node (`program`), and how it gets there (`boot`): the standard library and nothing else."""
