"""Before an apply does anything: nothing of an earlier one is left, or it is dealt with now."""

from pvesdn.node.program.checkpoint import load_checkpoint, refuse_while_open
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.rest import run_the_rest


def sweep(machine: Machine) -> None:
    """Return when no earlier apply has left anything here that has to be put back. The caller holds the lock.

    What was put back in part is left to the apply that begins: its plan was made from what the node has.

    :raises Refused: an apply is open, or one that was left alone has changed the node, which has put itself back now
        and is not any more what the plan was made from; or nobody can tell what became of it.
    """
    checkpoint = load_checkpoint(machine)
    refuse_while_open(machine, checkpoint)
    if checkpoint is not None:
        run_the_rest()
        from pvesdn.node.program.settle import swept  # most of the program

        swept(machine, checkpoint)
