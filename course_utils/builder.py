"""Make `notebooks/NN_name.ipynb`, outputs included, from `notebooks/src/NN_name.py`."""

import argparse
import hashlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from course_utils.launcher.lab import kernel_transport, runtime_directory

CELL_TIMEOUT_SECONDS = 600
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    # The name alone, for highlighting: the version differs between machines.
    "language_info": {"name": "python"},
}
BANNER = "<!-- Made from notebooks/src/{name} by `python -m course_utils build`: edit that file, not this one. -->"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class BuildError(Exception):
    """A notebook could not be made; the message says which, where and why."""


def read_source(path):
    """Read a percent script as the notebook it describes, without outputs.

    Args:
        path: `notebooks/src/NN_name.py`.

    Returns:
        A notebook node: derived cell ids, the course's metadata, no outputs.

    Raises:
        BuildError: If the first cell is not the markdown cell with the title.
    """
    script = jupytext.read(path, fmt="py:percent")
    if not script.cells or script.cells[0].cell_type != "markdown":
        raise BuildError(f"{path.name}: the first cell must be markdown (the title of the notebook)")
    script.cells[0].source = BANNER.format(name=path.name) + "\n" + script.cells[0].source
    cells = []
    for position, cell in enumerate(script.cells):
        make_cell = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
        cells.append(make_cell(cell.source, id=cell_id(position, cell.source), metadata=cell.metadata))
    return nbformat.v4.new_notebook(cells=cells, metadata=NOTEBOOK_METADATA)


def cell_id(position, source):
    """Name a cell by its place and its text, so that a rebuild gives the same ids.

    Args:
        position: Index of the cell in the notebook.
        source: Text of the cell.

    Returns:
        An id such as `04-9f86d081`.
    """
    return f"{position:02d}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"


def execution_environment(scratch):
    """Give the variables under which notebooks run, when they are built and when they are tested.

    Args:
        scratch: An empty folder for what a run leaves behind.

    Returns:
        A dict to add to the environment of the kernel.
    """
    return {
        "PYTHONHASHSEED": "0",
        "DLT_LIVE": "0",
        "DLT_PROGRESS_FILE": str(Path(scratch) / "progress.json"),
        # Neither the user's own settings nor a start-up script of theirs may change an output.
        "IPYTHONDIR": str(Path(scratch) / "ipython"),
        "JUPYTER_CONFIG_DIR": str(Path(scratch) / "jupyter"),
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(Path(scratch) / "matplotlib")),
    }


def execute(notebook, folder, on_cell=None):
    """Run every cell of a notebook in a fresh kernel and keep the outputs in it.

    Args:
        notebook: The notebook node; changed in place.
        folder: Working directory of the kernel.
        on_cell: Called with the number of cells done so far.

    Raises:
        BuildError: If a cell fails, takes too long or writes to stderr.
    """
    connection = {
        "transport": kernel_transport(),
        "connection_file": str(runtime_directory() / f"kernel-build-{os.getpid()}.json"),
    }
    running = [0]  # the last cell that was sent: a kernel that dies at once leaves no trace of it in the notebook
    client = NotebookClient(
        notebook,
        config=Config(KernelManager=connection),
        timeout=CELL_TIMEOUT_SECONDS,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
        coalesce_streams=True,  # or where one print ends and the next begins would depend on the clock
        record_timing=False,
        on_cell_execute=lambda cell, cell_index: running.append(cell_index),
        on_cell_executed=(lambda cell, cell_index, **_: on_cell(cell_index + 1)) if on_cell else None,
    )
    with tempfile.TemporaryDirectory(prefix="dlt-build-") as scratch:
        environment = {**os.environ, **execution_environment(scratch)}
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise BuildError(f"{_shown(notebook, running[-1])}\n{ANSI.sub('', error.traceback)}") from error
        except CellTimeoutError as error:
            raise BuildError(f"{_shown(notebook, running[-1])}\ntook more than {CELL_TIMEOUT_SECONDS} s") from error
        except DeadKernelError as error:
            raise BuildError(f"{_shown(notebook, running[-1])}\nthe kernel died") from error
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)  # the client adds the version of Python
    for position in range(len(notebook.cells)):
        _tidy_outputs(notebook, position)


def _shown(notebook, position):
    """Give the text of a cell, for a message."""
    cell = notebook.cells[position]
    return f"cell {position} ({cell.id}):\n" + "\n".join(f"    {line}" for line in cell.source.splitlines())


def _tidy_outputs(notebook, position):
    """Refuse stderr; drop what stands beside a static picture, so that an unopened notebook shows that one."""
    cell = notebook.cells[position]
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stderr":
            raise BuildError(f"{_shown(notebook, position)}\nwrote to stderr:\n{output.text}")
        data = output.get("data", {})
        data.pop(WIDGET_VIEW, None)
        if "image/png" in data:
            data.pop("text/html", None)  # the same picture once more, with its text; see show.Picture
    cell.metadata.pop("execution", None)


def build(source, target, on_cell=None):
    """Execute one source and write its notebook, whole or not at all.

    Args:
        source: Path of the percent script.
        target: Path of the notebook; the kernel runs in its folder.
        on_cell: Called with (cells done, cells).

    Raises:
        BuildError: If the source is not valid or a cell fails; nothing is written then.
    """
    notebook = read_source(source)
    count = len(notebook.cells)
    execute(notebook, target.parent, on_cell and (lambda done: on_cell(done, count)))
    nbformat.validate(notebook)
    # newline: the same bytes on Windows.
    unfinished = target.with_suffix(".ipynb.part")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.write(nbformat.writes(notebook) + "\n")
    os.replace(unfinished, target)


def differences(source, target):
    """Compare a notebook, outputs aside, with what its source would make. Executes nothing.

    Args:
        source: Path of the percent script.
        target: Path of the notebook.

    Returns:
        A list of sentences, one for each difference; empty if there is none.
    """
    if not source.exists():
        return [f"{target.name} has no source src/{source.name}"]
    if not target.exists():
        return [f"{target.name} is missing"]
    wanted, found = read_source(source), nbformat.read(target, as_version=4)
    if len(wanted.cells) != len(found.cells):
        return [f"{target.name} has {len(found.cells)} cells, its source has {len(wanted.cells)}"]
    messages = [
        f"{target.name}, cell {position} ({want.id}): {key} differs from the source"
        for position, (want, have) in enumerate(zip(wanted.cells, found.cells))
        for key in ("cell_type", "source", "id", "metadata")
        if want[key] != have.get(key)
    ]
    if wanted.metadata != found.metadata:
        messages.append(f"{target.name}: the metadata of the notebook differs")
    return messages


def pairs(root, names=()):
    """List the sources and notebooks of a project.

    Args:
        root: Root of the project.
        names: Number or beginning of the name of each one wanted, such as "03"; all if empty.

    Returns:
        A list of (source path, notebook path), sorted. With no names, also notebooks without a source.

    Raises:
        BuildError: If a name fits no source.
    """
    notebooks = Path(root) / "notebooks"
    stems = {path.stem for path in notebooks.glob("src/*.py")}
    if not names:
        stems |= {path.stem for path in notebooks.glob("*.ipynb")}
    for name in names:
        if not any(stem.startswith(name) for stem in stems):
            raise BuildError(f"no notebooks/src/{name}*.py; there are: {', '.join(sorted(stems)) or 'none'}")
    wanted = sorted(stem for stem in stems if not names or stem.startswith(tuple(names)))
    return [(notebooks / "src" / f"{stem}.py", notebooks / f"{stem}.ipynb") for stem in wanted]


def main(arguments, root):
    """Run `build [NN ...] [--check]`.

    Args:
        arguments: Words of the command line after `build`.
        root: Root of the project.

    Returns:
        The exit code: 0, or 1 if a notebook failed or differs.
    """
    parser = argparse.ArgumentParser(prog="python -m course_utils build", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NN", help="number of a notebook, such as 03; all if left out")
    parser.add_argument("--check", action="store_true", help="execute nothing; fail if a notebook differs")
    options = parser.parse_args(arguments)
    try:
        chosen = pairs(root, [Path(name).stem for name in options.names])
    except BuildError as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    # A list, not a generator: every notebook gets its turn, also after one that failed.
    results = [(_check_one if options.check else _build_one)(*pair) for pair in chosen]
    return 0 if all(results) else 1


def _check_one(source, target):
    """Print what differs; True if nothing does."""
    try:
        messages = differences(source, target)
    except BuildError as error:
        messages = [str(error)]
    for message in messages:
        print(f"build --check: {message}", file=sys.stderr)
    if not messages:
        print(f"{target.name}: as its source")
    return not messages


def _build_one(source, target):
    """Build one notebook and print how long it took; True if it worked."""
    if not source.exists():
        print(f"build: {target.name} has no source src/{source.name}", file=sys.stderr)
        return False
    started, live = time.perf_counter(), sys.stdout.isatty()
    print(f"{source.stem} …", end="" if live else "\n", flush=True)

    def show(done, count):
        print(f"\r{source.stem} … cell {done} of {count}", end="", flush=True)

    try:
        build(source, target, show if live else None)
    except BuildError as error:
        print(f"\nbuild: {source.stem} failed, {error}", file=sys.stderr)
        return False
    print(f"{chr(13) if live else ''}{source.stem}: built in {time.perf_counter() - started:.1f} s" + " " * 20)
    return True
