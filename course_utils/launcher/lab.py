"""How JupyterLab is started for the course. Nothing is written to the user's own settings."""

import functools
import os
import socket
import stat
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from course_utils.launcher.environment import ROOT, WINDOWS, venv_python
from course_utils.launcher.problems import Problem

FIRST_NOTEBOOK = "notebooks/00_start_here.ipynb"
FIRST_PORT = 8888
# A read-only layer of Jupyter settings: no question about news, widget callbacks on the main thread, and an icon of the
# tab that stays: at each step of a slider the busy one came and went, and the page asked the server for both.
SETTINGS = Path(__file__).resolve().parent / "jupyter"
# The shortest limit of the three systems (macOS) for the path of a socket, its final zero included.
SOCKET_PATH_LIMIT = 104
SOCKET_NAME = "/kernel-01234567-0123-0123-0123-0123456789ab-ipc-5"


def lab_command(root=ROOT, port=FIRST_PORT, browser=True, extra=()):
    """Give the command that starts JupyterLab as `python -m course_utils lab` does.

    Args:
        root: Root of the clone.
        port: Port on 127.0.0.1; no other is tried.
        browser: Whether to open a browser.
        extra: Further arguments for Jupyter.

    Returns:
        A list of words. Run it with the environment of `lab_environment`.
    """
    root = Path(root)
    page = f"/lab/tree/{FIRST_NOTEBOOK}" if (root / FIRST_NOTEBOOK).exists() else "/lab"
    settings = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": browser,
        "ServerApp.root_dir": root,
        "ServerApp.answer_yes": True,  # Ctrl-C ends it without a question
        "ServerApp.allow_root": True,  # containers; it listens on 127.0.0.1 only, with a token
        "LabApp.default_url": page,
        "LabApp.workspaces_dir": root / ".venv" / "share" / "jupyter" / "lab" / "workspaces",
        "LabApp.extension_manager": "readonly",
        "LanguageServerManager.autodetect": False,  # it would start npm
        "KernelManager.transport": kernel_transport(),
    }
    words = [f"--{name}={value}" for name, value in settings.items()]
    return [str(venv_python(root)), "-m", "jupyterlab", *words, *extra]


def lab_environment(root=ROOT, token=None):
    """Give the environment for `lab_command`.

    Args:
        root: Root of the clone.
        token: The token that the server asks for; Jupyter makes one up if None.

    Returns:
        A complete dict of environment variables.
    """
    root = Path(root)
    layers = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, layers)),
        "JUPYTER_RUNTIME_DIR": str(runtime_directory(root)),
    }
    if token is not None:
        # Not on the command line, which every user of the machine can read.
        environment["JUPYTER_TOKEN"] = token
    return environment


@functools.cache
def runtime_directory(root=ROOT):
    """Give a folder for the connection files and sockets of kernels, which nobody else may enter.

    Args:
        root: Root of the clone.

    Returns:
        The path of a folder that exists; short enough for sockets where they are used.
    """
    if WINDOWS:
        folder = Path(root) / ".venv" / "share" / "runtime"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    name = f"dlt-{os.getuid()}-{sha256(os.fsencode(root)).hexdigest()[:8]}"
    for base in filter(None, (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")):
        folder = Path(base) / name
        if _fits_socket(folder) and _make_private(folder):
            return folder
    return Path(tempfile.mkdtemp(prefix="dlt-"))


def _make_private(folder):
    """Make a folder for this user alone, or accept one that is; False if it is anything else."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def kernel_transport():
    """Choose how kernels are spoken to: "ipc", private sockets, where the system has them, else "tcp"."""
    return "ipc" if not WINDOWS and _fits_socket(runtime_directory()) else "tcp"


def _fits_socket(folder):
    """Tell whether the socket of a kernel can have its path in a folder."""
    return len(os.fsencode(folder)) + len(SOCKET_NAME) < SOCKET_PATH_LIMIT


def choose_port(wanted=None):
    """Check the port asked for, or find a free one.

    Args:
        wanted: Port number, or None for the first free one from 8888 on.

    Returns:
        The port.

    Raises:
        Problem: If the port asked for is in use or not allowed, or none is free.
    """
    if wanted is None:
        for port in range(FIRST_PORT, FIRST_PORT + 100):
            if port_error(port) is None:
                return port
        raise Problem(f"no port from {FIRST_PORT} to {FIRST_PORT + 99} is free.")
    reason = port_error(wanted)
    if reason:
        raise Problem(f"port {wanted} cannot be used ({reason}); choose another with --port, or leave it out.")
    return wanted


def port_error(port):
    """Try to listen on a port of 127.0.0.1.

    Args:
        port: Port number.

    Returns:
        None if that works, or the reason why not.
    """
    if not 1 <= port <= 65535:
        return "a port is a number from 1 to 65535"
    with socket.socket() as listener:
        if not WINDOWS:
            # As the server does: a port is free again at once after its server has ended.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen()
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None


def fill_standard_streams():
    """Open what was closed at the start, so that no file of the server becomes its standard input."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull)
