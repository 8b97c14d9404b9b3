"""The real JupyterLab, started as a learner starts it."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from jupyter_client.blocking import BlockingKernelClient

from course_utils.launcher import environment, lab
from tests.paths import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sockets and signals of Linux and macOS")
needs_environment = pytest.mark.skipif(
    not environment.is_ready(ROOT), reason="the environment was not made by `python -m course_utils setup`"
)
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable
COMMAND = [BASE_PYTHON, "-m", "course_utils", "lab", "--no-browser"]


class Server:
    """A JupyterLab that runs: its process, address and token."""

    def __init__(self, process, home, address, token):
        self.process, self.home, self.address, self.token = process, home, address, token
        self.kernel = None

    def ask(self, path, token=True, data=None):
        """Send a request; return the answer, read from JSON."""
        headers = {"Authorization": f"token {self.token}"} if token else {}
        request = urllib.request.Request(self.address + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def start_lab(home, **streams):
    """Start `python -m course_utils lab` with a home of its own; wait for its address."""
    own = ("JUPYTER", "IPYTHON")
    variables = {name: text for name, text in os.environ.items() if not name.startswith(own)}
    process = subprocess.Popen(
        # `exec`: the launcher is the process that is known here. `<&-`: the shell closes standard input.
        ["sh", "-c", f'exec "$@" {"" if streams else "<&-"}', "sh", *COMMAND],
        cwd=ROOT,
        env={**variables, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
        **streams,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(r"(http://127\.0\.0\.1:\d+)/\S*\?token=(\w+)", line)
        if found:
            return _once_it_answers(Server(process, home, *found.groups()))
    pytest.fail("JupyterLab did not start:\n" + "".join(said))


def _once_it_answers(server):
    """Wait: the address is printed a moment before the server listens."""
    for _ in range(100):
        try:
            server.ask("/api")
            return server
        except urllib.error.URLError:
            time.sleep(0.1)
    pytest.fail("JupyterLab does not answer")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A JupyterLab without standard input."""
    server = start_lab(tmp_path_factory.mktemp("home"))
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.process.wait()


@needs_environment
def test_it_asks_for_the_token(server):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        server.ask("/api/contents", token=False)
    assert {"course_utils", "tests"} <= {file["name"] for file in server.ask("/api/contents")["content"]}


@needs_environment
def test_it_listens_on_this_machine_only(server):
    port = int(server.address.rpartition(":")[2])
    with socket.socket() as other:
        # Another address of the same machine: it answers to a server on all addresses.
        with pytest.raises(OSError):
            other.connect(("127.0.0.2", port))


@needs_environment
def test_its_settings_come_from_the_course_and_not_from_the_home(server):
    settings = {
        one["id"]: one["settings"] | {"schema": one["schema"]} for one in server.ask("/lab/api/settings")["settings"]
    }

    def default(plugin, name):
        return settings[f"@jupyterlab/apputils-extension:{plugin}"]["schema"]["properties"][name]["default"]

    assert default("kernels-settings", "commsOverSubshells") == "disabled"
    assert default("notification", "fetchNews") == "false"
    assert default("notification", "checkForUpdates") is False


@needs_environment
def test_a_kernel_speaks_through_a_private_socket_and_knows_the_course(server):
    server.kernel = server.ask("/api/kernels", data=b'{"name": "python3"}')["id"]
    connection = lab.runtime_directory(ROOT) / f"kernel-{server.kernel}.json"
    assert json.loads(connection.read_text())["transport"] == "ipc"
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    # No heartbeat: this client did not start the kernel, and asks before it is up.
    client.start_channels(hb=False)
    try:
        client.wait_for_ready(timeout=60)
        printed = []
        code = "import sys, course_utils; print(course_utils.__file__, sys.prefix)"
        client.execute_interactive(code, timeout=30, output_hook=printed.append)
    finally:
        client.stop_channels()
    text = "".join(message["content"].get("text", "") for message in printed)
    assert text.split() == [str(ROOT / "course_utils" / "__init__.py"), str(ROOT / ".venv")]


@needs_environment
def test_it_ends_with_its_kernels_and_the_home_is_untouched(server):
    server.process.send_signal(signal.SIGTERM)
    rest, _ = server.process.communicate(timeout=30)
    assert server.process.returncode == 0, rest
    assert "Traceback" not in rest
    assert server.kernel and not list(lab.runtime_directory(ROOT).glob(f"kernel-{server.kernel}*"))
    # IPython keeps its history there, as always; settings of Jupyter there are none.
    assert {path.name for path in server.home.iterdir()} <= {".ipython", ".local", ".cache"}
    written = [path for path in server.home.glob(".local/**/*") if path.is_file()]
    assert {path.name for path in written} <= {"nbsignatures.db", "notebook_secret"}


@needs_environment
def test_ctrl_c_in_a_terminal_ends_it_without_a_question(tmp_path):
    terminal, slave = os.openpty()
    server = start_lab(tmp_path, stdin=slave)
    server.process.send_signal(signal.SIGINT)
    rest, _ = server.process.communicate(timeout=30)
    os.close(terminal)
    os.close(slave)
    assert server.process.returncode in (0, 130), rest
    assert "Traceback" not in rest and "Shut down this" not in rest


def test_the_command_opens_the_first_notebook(tmp_path):
    (tmp_path / "notebooks").mkdir()
    assert "--LabApp.default_url=/lab" in lab.lab_command(tmp_path)
    (tmp_path / "notebooks" / "00_start_here.ipynb").touch()
    command = lab.lab_command(tmp_path, port=9999)
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in command
    assert "--ServerApp.port_retries=0" in command


def test_a_token_is_given_where_other_users_cannot_read_it():
    assert lab.lab_environment(ROOT, token="secret")["JUPYTER_TOKEN"] == "secret"
    assert not any("secret" in word for word in lab.lab_command(ROOT))


# The folder of the sockets.


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Call `runtime_directory` with a short base of its own."""
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as base:
        (Path(base) / "other").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", f"{base}/other")
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)
        lab.runtime_directory.cache_clear()
        yield Path(base), lambda: lab.runtime_directory(tmp_path)
        lab.runtime_directory.cache_clear()


def test_the_folder_of_the_sockets_is_private_and_the_same_each_time(runtime):
    base, folder = runtime
    first = folder()
    lab.runtime_directory.cache_clear()
    assert folder() == first and first.parent == base
    assert stat.S_IMODE(first.stat().st_mode) == 0o700


@pytest.mark.parametrize("trap", ["open to others", "link", "file"])
def test_a_folder_of_that_name_that_is_not_private_is_not_used(runtime, trap):
    base, folder = runtime
    first = folder()
    first.rmdir()
    if trap == "open to others":
        first.mkdir()
        first.chmod(0o755)
    elif trap == "link":
        (base / "elsewhere").mkdir(mode=0o700)
        first.symlink_to(base / "elsewhere")
    else:
        first.touch()
    lab.runtime_directory.cache_clear()
    assert folder() != first


def test_a_base_too_long_for_sockets_is_not_used(runtime, monkeypatch):
    base, folder = runtime
    long = base / ("x" * 60)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert folder().parent == base / "other"
    monkeypatch.setattr(lab, "SOCKET_PATH_LIMIT", 10)
    lab.runtime_directory.cache_clear()
    assert lab.kernel_transport() == "tcp"
