"""The live lab's process in namespaces of its own: it builds the testbed, and runs scenarios or
answers requests there.
"""
