"""The parts that a verb needs only seldom: they come along as text, and are run when it comes to that."""


def run_the_rest() -> None:
    """Run the parts of this program that have not been, in their order; what they define is there afterwards.

    `BOOT` says in RUN which ones have been. Without it all have: run as a file, or imported one from the other.
    """
    run = globals().get("RUN", [])
    for section in globals()["SOURCE"].split(b"\f") if run else []:
        name, _, text = section[2:].partition(b"\n")
        if name not in run:
            run.append(name)
            exec(compile(text, name.decode("utf-8"), "exec"), globals())
