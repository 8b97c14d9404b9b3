"""The launcher: the environment is made whole or not at all, and every failure is one sentence."""

import ast
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from course_utils import __main__ as entry
from course_utils.launcher import commands, environment, lab, problems
from tests.paths import ROOT

BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable
SECONDS_OF_A_SECOND_START = 3
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals and sockets of Linux and macOS")


@pytest.fixture
def clone(tmp_path):
    """A folder with what the launcher needs, and nothing installed. The blank and the é are on purpose."""
    root = tmp_path / "café au lait"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "course_utils" / "launcher", root / "course_utils" / "launcher", ignore=ignore)
    for name in ("course_utils/__init__.py", "course_utils/__main__.py", "requirements.lock"):
        shutil.copy(ROOT / name, root / name)
    return root


def start(root, *words, code=None, **variables):
    """Start the launcher in a folder, as a user does, with a Python that has nothing installed."""
    what = ["-c", code] if code else ["-m", "course_utils"]
    return subprocess.Popen(
        [BASE_PYTHON, *what, *words],
        cwd=root,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=None if os.name == "nt" else hear_ctrl_c,
    )


def hear_ctrl_c():
    """Undo what a shell does to tests that it runs in the background: their children would not hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def one_sentence(process, timeout=120):
    """Wait for the end; return the one line on stderr of a start that failed."""
    _, errors = process.communicate(timeout=timeout)
    assert process.returncode == 1, errors
    assert errors.startswith("course_utils: ") and errors.count("\n") == 1 and "Traceback" not in errors, errors
    return errors


# What goes wrong on a learner's machine.


@pytest.mark.parametrize("version", [(2, 7), (3, 8), (3, 10), (3, 14)])
def test_a_wrong_python_is_told(version, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    assert entry.main() == 1
    assert f"this is Python {version[0]}.{version[1]}; the course needs" in capsys.readouterr().err


def test_an_old_python_can_read_the_first_two_files():
    for name in ("__init__", "__main__"):
        text = (ROOT / "course_utils" / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text, feature_version=(3, 6))):
            assert not isinstance(node, ast.JoinedStr), f"{name}.py: an f-string is an error to Python 2"


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told(clone, module):
    code = (
        "import importlib.util as util, runpy, sys; find = util.find_spec\n"
        f"util.find_spec = lambda name, *rest: None if name == {module!r} else find(name, *rest)\n"
        "runpy.run_module('course_utils', run_name='__main__')"
    )
    message = one_sentence(start(clone, "setup", code=code))
    assert module in message and "sudo apt install python3" in message
    assert not (clone / ".venv").exists()


def test_no_network_is_told_and_nothing_half_made_is_believed(clone):
    process = start(clone, "setup", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert "no connection to the package index" in one_sentence(process)
    assert not environment.is_ready(clone)


@posix_only
def test_ctrl_c_ends_the_setup_without_a_traceback_and_a_silent_install_shows_the_seconds(clone):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an index that never answers
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        process = start(clone, "setup", PIP_INDEX_URL=index, PIP_DEFAULT_TIMEOUT="8")
        for line in process.stdout:
            if line.startswith("    installing uv … "):
                break
        assert process.poll() is None, "it ended without showing the seconds"
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == commands.INTERRUPTED
    assert errors == "course_utils: stopped; start again to go on.\n"
    assert not environment.is_ready(clone)


def test_a_port_in_use_is_told_before_anything_is_installed(clone):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        message = one_sentence(start(clone, "lab", "--port", str(port)))
        assert f"port {port} cannot be used (address already in use)" in message
    assert not (clone / ".venv").exists()


def test_without_a_port_the_next_free_one_is_taken(monkeypatch):
    monkeypatch.setattr(lab, "port_error", lambda port: "in use" if port < 8890 else None)
    assert lab.choose_port() == 8890
    with pytest.raises(problems.Problem, match="1 to 65535"):
        monkeypatch.undo()
        lab.choose_port(70000)


@posix_only
@pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(clone):
    clone.chmod(0o500)
    assert "no permission to write to" in one_sentence(start(clone, "setup"))


OUTPUTS = {
    "OSError: [Errno 28] No space left on device: '/x/y'": "the disk is full",
    "error: failed to write\n  Caused by: No space left on device (os error 28)": "the disk is full",
    "There is not enough space on the disk. (os error 112)": "the disk is full",
    "WARNING: Retrying: NewConnectionError('[Errno 111]')\nERROR: No matching distribution": "no connection",
    "error: Request failed\n cause: dns error\n cause: Name or service not known": "no connection",
    "error: Request failed\n cause: tcp connect error\n cause: Connection refused": "no connection",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES": "not the one that requirements.lock promises",
    "× No solution found when resolving dependencies": "cannot be had for this Python and machine",
    "something\n  else\n\n": "failed: else",
    "": "no reason was given",
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_output_of_pip_and_uv_becomes_one_sentence(output):
    message = str(problems.from_output("installing uv", output))
    assert message.startswith("installing uv failed: ") and OUTPUTS[output] in message and "\n" not in message


@pytest.mark.parametrize("number, words", [(errno.ENOSPC, "disk is full"), (errno.EROFS, "cannot be written")])
def test_an_error_of_the_system_becomes_one_sentence(number, words, monkeypatch, capsys):
    def fail(arguments):
        raise OSError(number, os.strerror(number), "some/file")

    monkeypatch.setitem(commands.COMMANDS, "setup", fail)
    assert commands.main(["setup"]) == 1
    errors = capsys.readouterr().err
    assert words in errors and errors.count("\n") == 1


# The environment.


@pytest.fixture
def steps(clone, monkeypatch):
    """Record the steps of an install instead of doing them. `steps.fails` names one that shall fail."""
    steps = Steps(clone)
    monkeypatch.setattr(environment, "run", steps.run)
    return steps


class Steps(list):
    """The steps done so far."""

    def __init__(self, root):
        super().__init__()
        self.root, self.fails = root, None

    def run(self, action, command):
        """Stand in for `environment.run`."""
        self.append(action)
        if action == self.fails:
            raise problems.Problem(f"{action} failed")
        python = environment.venv_python(self.root)
        if action == "making .venv" and not python.exists():
            site_packages = "Lib/site-packages" if os.name == "nt" else "lib/python3.11/site-packages"
            (self.root / ".venv" / site_packages).mkdir(parents=True)
            python.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(BASE_PYTHON, python)


WHOLE = ["making .venv", "installing pip", "installing uv", "installing the packages"]
RENEWED = WHOLE[2:]


def test_a_second_start_installs_nothing(clone, steps):
    environment.ensure(clone)
    assert steps == WHOLE and environment.is_ready(clone)
    environment.ensure(clone)
    assert steps == WHOLE
    (link,) = (clone / ".venv").rglob("course_utils.pth")
    assert (link.parent / link.read_text(encoding="ascii").strip()).resolve() == clone.resolve()


@pytest.mark.parametrize("step", WHOLE)
def test_an_install_that_was_cut_short_is_made_again_from_the_start(clone, steps, step):
    steps.fails = step
    with pytest.raises(problems.Problem):
        environment.ensure(clone)
    assert not environment.is_ready(clone)
    steps.fails = None
    steps.clear()
    environment.ensure(clone)
    assert steps == WHOLE and environment.is_ready(clone)


def test_a_changed_lock_file_leads_to_an_install_and_one_cut_short_to_a_new_environment(clone, steps):
    environment.ensure(clone)
    lock = clone / "requirements.lock"
    lock.write_bytes(lock.read_bytes() + b"# changed\n")
    assert not environment.is_ready(clone)
    steps.clear()
    steps.fails = "installing the packages"
    with pytest.raises(problems.Problem):
        environment.ensure(clone)
    assert steps == RENEWED and not environment.is_ready(clone)
    steps.fails = None
    steps.clear()
    environment.ensure(clone)
    assert steps == WHOLE and environment.is_ready(clone)
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert environment.is_ready(clone), "line ends of Windows are no change"


@pytest.mark.parametrize("harm", ["python", "stamp", "version"])
def test_an_environment_that_was_harmed_is_not_believed(clone, steps, harm):
    environment.ensure(clone)
    stamp = clone / ".venv" / environment.STAMP
    if harm == "python":
        environment.venv_python(clone).unlink()
        shutil.rmtree(clone / ".venv" / "lib", ignore_errors=True)
    elif harm == "stamp":
        stamp.write_text("{", encoding="utf-8")
    else:
        stamp.write_text(json.dumps(environment.stamp_for(clone, "3.11.0")), encoding="utf-8")
    assert not environment.is_ready(clone)
    steps.clear()
    environment.ensure(clone)
    assert steps == WHOLE and environment.is_ready(clone)


@posix_only
def test_two_starts_do_not_install_at_once(clone, steps):
    with environment.only_one(clone / ".venv.lock"):
        process = start(clone, "setup", PIP_INDEX_URL="http://127.0.0.1:9/simple")
        assert "another start of the course is installing" in process.stdout.readline()
        environment.install(clone)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "making" not in output, "the second start must use what the first has made"


@posix_only
def test_a_start_waits_for_what_a_killed_one_has_left_running(clone):
    code = """if True:
        import sys
        from course_utils.launcher import environment
        with environment.only_one(".venv.lock"):
            what = "import time; print('Resolved', flush=True); time.sleep(9)"
            environment.run("trying", [sys.executable, "-c", what])
    """
    killed = start(clone, code=code)
    assert killed.stdout.readline().strip() == "Resolved"
    killed.kill()
    killed.wait(timeout=20)
    with open(clone / ".venv.lock") as file:
        assert not environment._try_lock(file), "what it started still writes"
        os.killpg(killed.pid, signal.SIGTERM)
        until = time.monotonic() + 10
        while not environment._try_lock(file):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_only_uv_is_taken_from_the_lock_with_its_hashes():
    text = environment.locked(ROOT, "uv")
    assert text.startswith("uv==") and "--hash=sha256:" in text
    assert [line for line in text.splitlines() if "==" in line] == text.splitlines()[:1]
    with pytest.raises(problems.Problem, match="does not name nothing"):
        environment.locked(ROOT, "nothing")


def test_a_mirror_of_pip_is_used_by_uv_too(monkeypatch, capsys):
    show = "import os; raise SystemExit('index ' + os.environ.get('UV_DEFAULT_INDEX', 'none'))"
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://mirror.invalid/simple")
    with pytest.raises(problems.Problem, match="index http://mirror.invalid/simple"):
        environment.run("trying", [sys.executable, "-c", show])
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://own.invalid/simple")
    with pytest.raises(problems.Problem, match="index http://own.invalid/simple"):
        environment.run("trying", [sys.executable, "-c", show])


# The commands.


def ready_here():
    """Tell whether the environment that these tests run in was made by the launcher."""
    return environment.is_ready(ROOT)


@pytest.mark.skipif(not ready_here(), reason="the environment was not made by `python -m course_utils setup`")
def test_a_second_start_is_quick_and_needs_no_network():
    began = time.monotonic()
    process = start(ROOT, "setup", PIP_INDEX_URL="http://127.0.0.1:9", UV_DEFAULT_INDEX="http://127.0.0.1:9")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "") and "ready" in output
    assert time.monotonic() - began < SECONDS_OF_A_SECOND_START


def test_usage(capsys):
    assert commands.main(["--help"]) == 0
    usage = capsys.readouterr().out
    assert all(name in usage for name in commands.COMMANDS)
    assert commands.main([]) == 2
    assert commands.main(["bild"]) == 2
    assert "unknown command 'bild'" in capsys.readouterr().err


@pytest.fixture
def became(monkeypatch):
    """Record the program that a command becomes."""
    programs = []
    monkeypatch.setattr(environment, "ensure", lambda: None)
    monkeypatch.setattr(commands, "become", lambda command, variables: programs.append(command) or 0)
    monkeypatch.chdir(ROOT)
    return programs


PYTEST = [
    ([], ["--nbval", "--nbval-current-env", "tests", "notebooks"]),
    (["-k", "lab"], ["-k", "lab", "--nbval", "--nbval-current-env", "tests", "notebooks"]),
    (["--fast"], ["--ignore=tests/notebooks", "--ignore=tests/browser", "tests"]),
    (["tests/test_launcher.py::test_usage"], ["tests/test_launcher.py::test_usage", "--nbval", "--nbval-current-env"]),
]


@pytest.mark.parametrize("words, passed", PYTEST)
def test_the_test_command_is_pytest(became, words, passed):
    assert commands.main(["test", *words]) == 0
    assert became == [[str(environment.venv_python()), "-m", "pytest", *passed]]


def test_further_arguments_of_lab_go_to_jupyter(became):
    assert commands.main(["lab", "--no-browser", "--port", "8123", "--debug", "--x=1"]) == 0
    (command,) = became
    assert command[-2:] == ["--debug", "--x=1"]
    assert {"--ServerApp.open_browser=False", "--ServerApp.port=8123", "--ServerApp.ip=127.0.0.1"} <= set(command)


# Windows, as far as it can be tried elsewhere.


def test_the_paths_of_windows(monkeypatch):
    monkeypatch.setattr(environment, "WINDOWS", True)
    monkeypatch.setattr(lab, "WINDOWS", True)
    assert environment.venv_python(ROOT) == ROOT / ".venv" / "Scripts" / "python.exe"
    assert lab.kernel_transport() == "tcp"


def test_windows_starts_a_program_and_passes_its_exit_code(monkeypatch):
    monkeypatch.setattr(commands, "WINDOWS", True)
    assert commands.become([sys.executable, "-c", "raise SystemExit(7)"], dict(os.environ)) == 7
