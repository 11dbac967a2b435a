"""What runs on a node (`program`), its parts as one text (`assembly`), how it gets there and back (`boot`): standard
library only.
"""
