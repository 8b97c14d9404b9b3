"""The commands: setup, lab, test, build."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from course_utils.launcher import environment, lab
from course_utils.launcher.environment import ROOT, WINDOWS, venv_python
from course_utils.launcher.problems import Problem, from_os_error

USAGE = """\
usage: python3 -m course_utils COMMAND

  lab [--no-browser] [--port N] [...]   open the course in JupyterLab; further arguments go to Jupyter
  test [--fast] [...]                   run every test (--fast: no notebooks, no browser); further
                                        arguments go to pytest
  setup                                 only make or renew the environment in .venv
  build [NN ...] [--check]              make the notebooks from notebooks/src, or only compare them
"""
INTERRUPTED = 130


def main(arguments):
    """Run one command.

    Args:
        arguments: Words of the command line.

    Returns:
        The exit code.
    """
    lab.fill_standard_streams()
    name, rest = (arguments[0], arguments[1:]) if arguments else (None, [])
    if name in ("-h", "--help", "help"):
        print(USAGE, end="")
        return 0
    if name not in COMMANDS:
        print(f"course_utils: unknown command {name!r}\n\n{USAGE}" if name else USAGE, end="", file=sys.stderr)
        return 2
    try:
        os.chdir(ROOT)
        # NumPy's and TensorFlow's threads would fight over the cores, and small products stall when they do.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        return COMMANDS[name](rest)
    except Problem as problem:
        print(f"course_utils: {problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"course_utils: {from_os_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("course_utils: stopped; start again to go on.", file=sys.stderr)
        return INTERRUPTED


def setup(arguments):
    """Run `setup`.

    Args:
        arguments: None are allowed.

    Returns:
        The exit code.
    """
    argparse.ArgumentParser(prog="python3 -m course_utils setup").parse_args(arguments)
    environment.ensure()
    environment.say("ready; open the course with: python3 -m course_utils lab")
    return 0


def open_lab(arguments):
    """Run `lab`.

    Args:
        arguments: `--no-browser`, `--port N` and further arguments for Jupyter.

    Returns:
        The exit code; on Linux and macOS it does not return, the server takes its place.
    """
    parser = argparse.ArgumentParser(prog="python3 -m course_utils lab", allow_abbrev=False)
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1 (the first free one from 8888 on)")
    options, extra = parser.parse_known_args(arguments)
    # Before the set-up: nobody should wait a minute to hear that a port is taken.
    port = lab.choose_port(options.port)
    environment.ensure()
    command = lab.lab_command(port=port, browser=not options.no_browser, extra=extra)
    return become(command, lab.lab_environment())


def test(arguments):
    """Run `test`.

    Args:
        arguments: `--fast` and further arguments for pytest.

    Returns:
        The exit code; on Linux and macOS it does not return, pytest takes its place.
    """
    environment.ensure()
    words = [word for word in arguments if word != "--fast"]
    fast = len(words) < len(arguments)
    command = [str(venv_python()), "-m", "pytest", *words]
    if fast:
        command += ["--ignore=tests/notebooks", "--ignore=tests/browser"]
    else:
        command += ["--nbval", "--nbval-current-env"]
    if not any(Path(word.split("::")[0]).exists() for word in words):
        command += ["tests"] if fast else ["tests", "notebooks"]
    return become(command, {**os.environ, "JUPYTER_RUNTIME_DIR": str(lab.runtime_directory())})


def build(arguments):
    """Run `build`.

    Args:
        arguments: Passed on to `course_utils.builder`.

    Returns:
        The exit code; on Linux and macOS it does not return, the builder takes its place.
    """
    environment.ensure()
    code = "import sys; from course_utils import builder; sys.exit(builder.main(sys.argv[2:], sys.argv[1]))"
    command = [str(venv_python()), "-c", code, str(ROOT), *arguments]
    return become(command, {**os.environ, "JUPYTER_RUNTIME_DIR": str(lab.runtime_directory())})


def become(command, variables):
    """Go on as another program: its signals, its exit code.

    Args:
        command: List of words.
        variables: Its whole environment.

    Returns:
        The exit code, on Windows only.
    """
    sys.stdout.flush()
    if not WINDOWS:
        os.execve(command[0], command, variables)
    process = subprocess.Popen(command, env=variables)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # Ctrl-C has reached the other program too; it says what it makes of it.
            continue


COMMANDS = {"setup": setup, "lab": open_lab, "test": test, "build": build}
