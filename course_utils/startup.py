"""Start a notebook: the seeds, the style of the figures, and TensorFlow loading quietly meanwhile.

Importing TensorFlow takes 5 to 12 seconds and writes lines to file descriptor 2 that no setting stops.
So one thread imports it, with that descriptor pointed at the null device for just that time, while the
learner already reads and moves the first figure.
"""

import asyncio
import contextlib
import os
import random
import sys
import threading
import time
from concurrent.futures import Future

_FIXED = {"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "0"}  # the numbers depend on these
_DEFAULTS = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

_keras = Future()  # holds the keras module, or why it could not be imported
_begin_lock = threading.Lock()
_state = {"begun": False, "seed": 0, "keras_is_seeded": False}
_waiting = []  # callbacks that found no event loop: load_keras() calls them


def start(seed=0, background=True):
    """Seed everything, set the style of the figures, and begin to load TensorFlow and Keras.

    It prints nothing, does not wait for TensorFlow, and may be called again (which seeds again). Call it at
    the end of the first cell: what is imported after it shares the interpreter with TensorFlow's import.

    Args:
        seed: integer from 0 to 2**32 - 1 for `random`, NumPy, Keras and TensorFlow.
        background: whether the loading begins now, behind the scenes; if False, or if the environment
            variable DLT_BACKGROUND is 0, nothing is loaded before `load_keras()`.

    Raises:
        ValueError: if `seed` is no such integer.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1, got {seed!r}")
    import numpy as np

    from course_utils import nn, plotting

    _set_environment()
    plotting.use_style()
    random.seed(seed)
    np.random.seed(seed)
    nn.utils.set_random_seed(seed)
    _state.update(seed=seed, keras_is_seeded=False)
    if keras_if_loaded():
        _seed_keras()
    elif background and os.environ.get("DLT_BACKGROUND") != "0":
        _begin()


def load_keras():
    """Return the `keras` module, ready and seeded: wait for the import under way, or begin it.

    The first call after `start(seed)` also calls `keras.utils.set_random_seed(seed)`.

    Returns:
        The module `keras`.

    Raises:
        ImportError: if TensorFlow or Keras cannot be imported; the message gives the cause.
    """
    _begin()
    if not _keras.done():
        from course_utils import status

        status.wait(_keras, "TensorFlow is loading", "TensorFlow is loaded")
    error = _keras.exception()
    if error is not None:
        cause = (str(error).strip() or "no further message").splitlines()[0]
        raise ImportError(
            f"TensorFlow and Keras could not be loaded ({type(error).__name__}: {cause}); run "
            "`python3 -m course_utils setup` in the project's folder, then restart the kernel."
        ) from None
    if not _state["keras_is_seeded"]:
        _seed_keras()
    while _waiting:
        _waiting.pop(0)()
    return _keras.result()


def keras_if_loaded():
    """Return the `keras` module if its import has ended well, else None; never waits.

    Returns:
        The module `keras`, or None.
    """
    return _keras.result() if _keras.done() and _keras.exception() is None else None


def when_keras_loads(callback):
    """Call `callback()` once Keras is loaded: at once if it is, else later on the caller's event loop.

    Without a running event loop (a plain script), `load_keras()` makes the call. If Keras cannot be
    loaded, the callback is never called.

    Args:
        callback: function without arguments.

    Raises:
        TypeError: if `callback` cannot be called.
    """
    if not callable(callback):
        raise TypeError(f"callback must be a function without arguments, got {callback!r}")
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    if keras_if_loaded():
        callback()
    elif loop is None:
        _waiting.append(callback)
    else:
        _keras.add_done_callback(lambda _: _call_on(loop, callback))


def _call_on(loop, callback):
    if keras_if_loaded():
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody is left to tell
            loop.call_soon_threadsafe(callback)


def _set_environment():
    os.environ.update(_FIXED)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def _seed_keras():
    # Keras keeps its seed per thread, so this belongs in the learner's thread, not in the importing one.
    _keras.result().utils.set_random_seed(_state["seed"])
    _state["keras_is_seeded"] = True


def _begin():
    with _begin_lock:
        if _state["begun"]:
            return
        _state["begun"] = True
    _set_environment()
    # Not a daemon: ending Python inside TensorFlow's C++ start-up would abort the process.
    threading.Thread(target=_import_keras, name="import keras").start()
    # The two packages import each other. Only once that thread is inside both can a learner's own
    # `import keras` or `import tensorflow` wait for it without a deadlock; it takes about 0.1 s.
    while "tensorflow" not in sys.modules and not _keras.done():
        time.sleep(0.005)


def _import_keras():
    try:
        with _quiet_file_descriptor_2():
            import keras  # first: it imports TensorFlow at its beginning, TensorFlow imports it at its end
            import tensorflow as tf

            tf.random.set_seed(_state["seed"])
            tf.config.experimental.enable_op_determinism()
            tf.get_logger().setLevel("ERROR")  # else the fifth run of a cell that builds a model warns of retracing
            keras.ops.add(1.0, 1.0)  # opens the devices, the last step that writes to the descriptor
    except BaseException as error:  # whatever it is, it must reach the one who waits
        _keras.set_exception(error)
    else:
        _keras.set_result(keras)


@contextlib.contextmanager
def _quiet_file_descriptor_2():
    """Point file descriptor 2 at the null device for a while, without losing Python's own messages."""
    try:
        saved = os.dup(2)
    except OSError:  # there is no such descriptor: nothing to quieten
        yield
        return
    python_stderr, stand_in = sys.stderr, None
    if _descriptor(python_stderr) == 2:  # in a notebook it is not: the kernel has its own
        stand_in = sys.stderr = open(os.dup(saved), "w", buffering=1, errors="backslashreplace")
    try:
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        if stand_in is not None and sys.stderr is stand_in:
            sys.stderr = python_stderr


def _descriptor(stream):
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None
