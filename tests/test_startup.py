"""start() and load_keras(): in this process with a stand-in for Keras, and for real in new processes."""

import asyncio
import os
import random
import subprocess
import sys
import threading
import types
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from jupyter_client.manager import KernelManager

import course_utils
from course_utils import startup

ROOT = Path(course_utils.__file__).parent.parent
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("TF_", "CUDA_", "DLT_"))},
    "PYTHONPATH": str(ROOT),
}


@pytest.fixture
def stand_in(monkeypatch):
    """A startup module as new, whose import gives a stand-in for Keras as soon as `release` is set."""
    seeds, release, future = [], threading.Event(), Future()
    keras = types.SimpleNamespace(utils=types.SimpleNamespace(set_random_seed=seeds.append))

    def import_keras():
        release.wait(10)
        future.set_result(keras)

    monkeypatch.setattr(startup, "_keras", future)
    monkeypatch.setattr(startup, "_state", {"begun": False, "seed": 0, "keras_is_seeded": False})
    monkeypatch.setattr(startup, "_waiting", [])
    monkeypatch.setattr(startup, "_import_keras", import_keras)
    monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    for name in [*startup._FIXED, *startup._DEFAULTS]:
        monkeypatch.setenv(name, "1")
    yield types.SimpleNamespace(keras=keras, seeds=seeds, release=release)
    release.set()


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "0", None, True])
def test_a_wrong_seed_is_named_before_anything_changes(stand_in, seed):
    state = random.getstate()
    with pytest.raises(ValueError, match="seed must be an integer from 0"):
        startup.start(seed)
    assert random.getstate() == state and not startup._state["begun"]


def test_start_seeds_sets_the_environment_and_does_not_wait(stand_in, capfd):
    startup.start(7)
    drawn = random.random(), np.random.rand()
    assert drawn == (random.Random(7).random(), np.random.RandomState(7).rand())
    assert startup.keras_if_loaded() is None and startup._state["begun"]
    assert [os.environ[name] for name in startup._FIXED] == list(startup._FIXED.values())
    assert [os.environ[name] for name in startup._DEFAULTS] == ["1", "1"]  # what the user set stays
    assert capfd.readouterr() == ("", "")


def test_keras_is_seeded_once_by_each_start_in_the_thread_that_asks(stand_in):
    course_utils.start(3)
    stand_in.release.set()
    assert course_utils.load_keras() is stand_in.keras and course_utils.load_keras() is stand_in.keras
    assert stand_in.seeds == [3]
    course_utils.start(4)
    assert stand_in.seeds == [3, 4]  # at once, for who has the module already
    assert course_utils.load_keras() is stand_in.keras
    assert stand_in.seeds == [3, 4]


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_the_background_can_be_turned_off(stand_in, monkeypatch, by):
    if by == "environment":
        monkeypatch.setenv("DLT_BACKGROUND", "0")
    startup.start(background=by != "argument")
    assert not startup._state["begun"]
    assert os.environ["KERAS_BACKEND"] == "tensorflow"  # set all the same, for a plain `import keras`
    stand_in.release.set()
    assert startup.load_keras() is stand_in.keras


def test_without_a_loop_the_callback_comes_from_load_keras_then_at_once(stand_in):
    called = []
    startup.when_keras_loads(lambda: called.append("waited"))
    startup.start()
    assert not called
    stand_in.release.set()
    startup.load_keras()
    assert called == ["waited"]
    startup.when_keras_loads(lambda: called.append("at once"))
    assert called == ["waited", "at once"]


def test_with_a_loop_the_callback_runs_on_it(stand_in):
    async def notebook():
        called = asyncio.get_running_loop().create_future()
        startup.when_keras_loads(lambda: called.set_result(threading.current_thread()))
        startup.start()
        await asyncio.sleep(0.05)
        assert not called.done()
        stand_in.release.set()
        return await asyncio.wait_for(called, 5)

    assert asyncio.run(notebook()) is threading.current_thread()


def test_a_closed_loop_is_left_alone(stand_in, caplog):
    async def notebook():
        startup.when_keras_loads(lambda: None)

    asyncio.run(notebook())
    all_called = threading.Event()
    startup._keras.add_done_callback(lambda _: all_called.set())
    stand_in.release.set()
    startup.load_keras()
    assert all_called.wait(5) and not caplog.records


def test_a_callback_must_be_callable(stand_in):
    with pytest.raises(TypeError, match="callback must be a function"):
        startup.when_keras_loads("soon")


def run(script, **environment):
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=120)


def test_a_failing_import_is_one_sentence_with_its_cause(tmp_path):
    (tmp_path / "keras.py").write_text("raise RuntimeError('no room\\nat all')")
    script = """
from course_utils import startup
startup.when_keras_loads(lambda: print("never"))
startup.start()
for _ in range(2):
    try:
        startup.load_keras()
    except ImportError as error:
        print(error, error.__suppress_context__)
print(startup.keras_if_loaded())
"""
    done = run(script, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    sentence = (
        "TensorFlow and Keras could not be loaded (RuntimeError: no room); run "
        "`python3 -m course_utils setup` in the project's folder, then restart the kernel. True"
    )
    assert done.stdout.splitlines() == [sentence, sentence, "None"]
    assert done.stderr == ""


def test_a_script_keeps_its_own_messages_and_loses_those_of_tensorflow():
    script = """
import os, sys, course_utils
course_utils.start()
print("mine, meanwhile", file=sys.stderr)
course_utils.load_keras()
os.write(2, b"mine, after\\n")
course_utils.load_keras().utils.set_random_seed(1)
raise SystemExit("the end")
"""
    assert run(script).stderr == "mine, meanwhile\nmine, after\nthe end\n"


def test_an_error_of_a_script_meanwhile_is_not_lost():
    done = run("import course_utils\ncourse_utils.start()\n1 / 0")
    assert done.returncode == 1 and done.stderr.count("\n") < 6
    assert done.stderr.startswith("Traceback") and done.stderr.endswith("ZeroDivisionError: division by zero\n")


def in_new_kernel(*cells):
    """Run cells in a new kernel; return what each printed, everything on stderr, and the errors."""
    manager = KernelManager(transport="ipc" if os.name == "posix" else "tcp")
    manager.start_kernel(env=ENVIRONMENT, cwd=str(ROOT))
    client = manager.client()
    printed, stderr, errors = [], [], []

    def hook(message):
        content = message["content"]
        if message["msg_type"] == "error":
            errors.append(f"{content['ename']}: {content['evalue']}")
        elif message["msg_type"] == "stream":
            (stderr if content["name"] == "stderr" else printed).append(content["text"])

    try:
        client.start_channels()
        client.wait_for_ready(timeout=60)
        for cell in cells:
            client.execute_interactive(cell, output_hook=hook, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(printed).splitlines(), "".join(stderr), errors


def test_in_a_kernel_it_is_quiet_seeded_deterministic_and_calls_back_on_the_main_thread():
    printed, stderr, errors = in_new_kernel(
        "import threading, course_utils\nfrom course_utils import startup\ncourse_utils.start(5)",
        "def tell():\n    global told\n    told = threading.current_thread() is threading.main_thread()\n"
        "told = None\nstartup.when_keras_loads(tell)\nprint(startup.keras_if_loaded(), told)",
        "keras = course_utils.load_keras()\n"
        "drawn = keras.random.normal((3,)).numpy()\nkeras.utils.set_random_seed(5)\n"
        "print((drawn == keras.random.normal((3,)).numpy()).all())",
        "from tensorflow.python.framework import config\n"
        "print(config.is_op_determinism_enabled(), told, startup.keras_if_loaded() is keras)",
    )
    assert (stderr, errors) == ("", [])
    assert printed == ["None None", "True", "True True True"]


@pytest.mark.parametrize("imports", ["import keras", "import tensorflow as tf; keras = tf.keras"])
def test_a_learners_own_import_meanwhile_works(imports):
    """TensorFlow and Keras import each other: begun at once in two threads, that was a deadlock."""
    printed, stderr, errors = in_new_kernel(
        f"import course_utils\ncourse_utils.start()\n{imports}\n"
        "print(keras.layers.Dense(2)(keras.ops.ones((1, 3))).shape)",
        "print(course_utils.load_keras().__version__ == keras.__version__)",
    )
    assert (stderr, errors) == ("", [])
    assert printed == ["(1, 2)", "True"]
