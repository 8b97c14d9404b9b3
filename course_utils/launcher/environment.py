"""The virtual environment of the course: made once, whole or not at all.

`.venv/course-stamp.json` is written last. It names the lock file and the Python that the environment
was made from; without it, or with another content, the environment is not believed.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from course_utils.launcher.problems import Problem, from_output

WINDOWS = os.name == "nt"
ROOT = Path(__file__).resolve().parents[2]
STAMP = "course-stamp.json"
HEARTBEAT_SECONDS = 2
# Lines of uv that say how far it is; the list of every package is left out.
PROGRESS = re.compile(r"^\s*(Resolved|Downloading|Building|Prepared|Installed)\b")


def venv_python(root=ROOT):
    """Give the path of the environment's Python.

    Args:
        root: Root of the clone.

    Returns:
        The path, whether or not the file is there.
    """
    return Path(root) / ".venv" / ("Scripts/python.exe" if WINDOWS else "bin/python")


def python_version(python):
    """Ask a Python for its version.

    Args:
        python: Path of the interpreter.

    Returns:
        A version such as "3.11.7", or None if it does not start.
    """
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        # -I -S: nothing of the environment is loaded, which takes a third of the time.
        answer = subprocess.run([str(python), "-I", "-S", "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return answer.stdout.strip() or None


def stamp_for(root, version):
    """Say what a finished environment holds.

    Args:
        root: Root of the clone.
        version: Version of the environment's Python.

    Returns:
        The dict that the stamp file must hold.
    """
    lock = (Path(root) / "requirements.lock").read_bytes().replace(b"\r\n", b"\n")
    return {"lock": hashlib.sha256(lock).hexdigest(), "python": version}


def read_stamp(root):
    """Read the stamp of an environment.

    Args:
        root: Root of the clone.

    Returns:
        The dict, or None if there is none or it cannot be read.
    """
    try:
        return json.loads((Path(root) / ".venv" / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def is_ready(root=ROOT):
    """Tell whether the environment is finished and belongs to the present lock file.

    Args:
        root: Root of the clone.

    Returns:
        True or False.
    """
    stamp = read_stamp(root)
    return stamp is not None and stamp == stamp_for(root, python_version(venv_python(root)))


def ensure(root=ROOT):
    """Make or renew the environment if that is needed.

    Args:
        root: Root of the clone.

    Raises:
        Problem: If it cannot be made; the next start takes it up again.
    """
    if is_ready(root):
        return
    _check_this_python()
    with only_one(Path(root) / ".venv.lock"):
        if not is_ready(root):
            install(Path(root))


def _check_this_python():
    """Refuse a Python that cannot make a virtual environment."""
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        version = "%d.%d" % sys.version_info[:2]
        raise Problem(
            f"this Python lacks its module '{missing[0]}', which makes virtual environments; "
            f"on Debian and Ubuntu install it with: sudo apt install python{version}-venv"
        )


@contextlib.contextmanager
def only_one(path):
    """Hold a lock that the operating system lets go of when the process ends, however it ends.

    On Linux and macOS, what `run` has started holds it too: where only this process is killed, pip or uv may still be
    writing, and the next start waits for them.

    Args:
        path: The lock file; left behind, empty.
    """
    with open(path, "a+") as file:
        os.set_inheritable(file.fileno(), not WINDOWS)
        waited = False
        while not _try_lock(file):
            if not waited:
                say("another start of the course is installing; waiting for it …")
            waited = True
            time.sleep(0.5)
        yield


def _try_lock(file):
    """Take an operating-system lock without waiting; True if it was free."""
    try:
        if WINDOWS:
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def install(root):
    """Make the environment, or bring it to the present lock file.

    Args:
        root: Root of the clone.

    Raises:
        Problem: If a step fails.
    """
    started = time.monotonic()
    venv, python = root / ".venv", venv_python(root)
    stamp, version = read_stamp(root), python_version(python)
    (venv / STAMP).unlink(missing_ok=True)
    if stamp is None or version is None or stamp.get("python") != version:
        # No stamp: an install was cut short. What is there may look whole and not be.
        say("making the environment .venv (once; about a minute) …")
        base = getattr(sys, "_base_executable", None) or sys.executable
        # In two steps: `venv` alone would hide why pip could not be put in.
        run("making .venv", [base, "-m", "venv", "--clear", "--without-pip", str(venv)])
        run("installing pip", [str(python), "-m", "ensurepip", "--default-pip"])
    else:
        say("requirements.lock has changed: bringing .venv up to date …")
    with tempfile.TemporaryDirectory(prefix="dlt-setup-") as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(locked(root, "uv"), encoding="utf-8")
        pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--retries", "2"]
        run("installing uv", [*pip, "--require-hashes", "-r", str(only_uv)])
    uv = [str(python), "-m", "uv", "pip", "sync", "--require-hashes", "--python", str(python)]
    run("installing the packages", [*uv, str(root / "requirements.lock")])
    link_package(root)
    # Last of all: from here on the environment is believed.
    write_whole(venv / STAMP, json.dumps(stamp_for(root, python_version(python))) + "\n")
    say(f"the environment is ready ({time.monotonic() - started:.0f} s).")


def locked(root, name):
    """Take one package, its hashes included, out of the lock file.

    Args:
        root: Root of the clone.
        name: Name of the package.

    Returns:
        The lines, as a requirements file.
    """
    lock = (Path(root) / "requirements.lock").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    if not found:
        raise Problem(f"requirements.lock does not name {name}; see CONTRIBUTING.md for how it is made.")
    return found.group()


def link_package(root):
    """Let everything in the environment, notebook kernels too, import `course_utils` from the clone.

    Args:
        root: Root of the clone.
    """
    venv = Path(root) / ".venv"
    folders = venv.glob("Lib/site-packages" if WINDOWS else "lib/python3*/site-packages")
    for folder in folders:
        # Relative: ASCII wherever the clone is, and still right after the clone has been moved.
        write_whole(folder / "course_utils.pth", os.path.relpath(root, folder) + "\n")


def write_whole(path, text):
    """Write a file so that it is never seen half-written.

    Args:
        path: The file.
        text: All of its content.
    """
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


def say(sentence):
    """Tell the user what is happening.

    Args:
        sentence: One line.
    """
    print(f"course_utils: {sentence}", flush=True)


def run(action, command):
    """Run a command, show that it is at work, and turn its failure into a Problem.

    Args:
        action: What it does, such as "installing uv".
        command: List of words.

    Raises:
        Problem: If it does not end with 0.
    """
    environment = dict(os.environ)
    mirror = environment.get("PIP_INDEX_URL")
    if mirror and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & environment.keys():
        environment["UV_DEFAULT_INDEX"] = mirror
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        encoding="utf-8",
        errors="replace",
        close_fds=WINDOWS,  # see only_one
    )
    try:
        output = _follow(action, process)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.wait() != 0:
        raise from_output(action, output)


def _follow(action, process):
    """Show the lines of a command that tell progress, or the seconds in between; return its output."""
    lines, started, output = queue.Queue(), time.monotonic(), []

    def read():
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=HEARTBEAT_SECONDS)
        except queue.Empty:
            print(f"    {action} … {time.monotonic() - started:.0f} s", flush=True)
            continue
        if line is None:
            return "".join(output)
        output.append(line)
        if PROGRESS.match(line):
            print(f"    {line.strip()}", flush=True)
