"""A time limit for a learner's function: an endless loop becomes a sentence, and the notebook goes on."""

import ctypes
import threading

AGAIN = (2, 2, 2)  # seconds after which it is stopped once more, if an `except:` in it went on


class _Stop(BaseException):
    """What stops a function; no Exception, for a learner's `except Exception` must not catch it."""


def call_within(seconds, function, *arguments):
    """Call a function, and stop it if it takes too long.

    It is stopped between two steps of Python: a single long step, such as a large product of NumPy, is finished first.

    Args:
        seconds: how long it may take.
        function: any callable.
        *arguments: what it is called with.

    Returns:
        What the function returns.

    Raises:
        TimeoutError: if it was stopped; the traceback tells where.
    """
    thread, ended, one_at_a_time = threading.get_ident(), threading.Event(), threading.Lock()

    def watch():
        for wait in (seconds, *AGAIN):
            if ended.wait(wait):
                return
            with one_at_a_time:
                if not ended.is_set():
                    _raise_in(thread, ctypes.py_object(_Stop))

    def end():
        with one_at_a_time:
            ended.set()
            _raise_in(thread, None)  # takes back what has not been raised yet

    threading.Thread(target=watch, daemon=True).start()
    try:
        try:
            return function(*arguments)
        finally:
            end()
    except _Stop as stop:
        end()  # once more: it may have come while the first one ran
        late = TimeoutError(f"Still running after {seconds:g} seconds, so it was stopped.")
        raise late.with_traceback(stop.__traceback__) from None


def _raise_in(thread, exception):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)
