"""Running a cell again: the explorers of its earlier run end, so that they do not fight those of the new one."""

from IPython import get_ipython

_made = {}  # id of a cell → (its latest run, the explorers that this run made)


def replace_earlier(explorer):
    """Close what an earlier run of the same cell made: it is on no page anymore, but would go on computing.

    Args:
        explorer: Explorer that the present run of the cell makes.
    """
    message = getattr(get_ipython(), "get_parent", dict)()
    cell = message.get("metadata", {}).get("cellId")
    if cell is None:  # a script, or a program that does not say which cell it runs
        return
    now = message["header"]["msg_id"]
    run, made = _made.get(cell, (now, []))
    if run != now:
        for earlier in made:
            earlier.close()
        made = []
    _made[cell] = now, [*made, explorer]
