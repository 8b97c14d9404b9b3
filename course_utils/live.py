"""Show how far a long cell is, in one line below it: trainings in either engine, and loops (`status` says when)."""

import contextlib
import functools
import inspect
import time
from unittest import mock

from course_utils import nn
from course_utils.startup import load_keras
from course_utils.status import Line


@contextlib.contextmanager
def training(of=None):
    """Show how far each `fit` inside is: `with live.training(): model.fit(…)`.

    Meanwhile `fit` of `nn.Model` and of `keras.Model` gets a callback more; what it learns stays the same. In the end
    the line says how many seconds each engine has taken.

    Args:
        of: how many times `fit` will be called, if that is known; then the bar is for all of them together.

    Raises:
        ValueError: if `of` is not a positive integer.
    """
    if of is not None and (isinstance(of, bool) or not isinstance(of, int) or of < 1):
        raise ValueError(f"of must be how many trainings there are, an integer from 1, got {of!r}")
    line, took = Line(), []  # engine and seconds of each training
    if line.silent:
        yield
        return

    def show(share, text):
        number = len(took) + 1
        if of:
            total = max(of, number)
            line.show((number - 1 + share) / total, f"Training {number} of {total}, {text}")
        else:
            line.show(share, f"Training {number}, {text}")

    with line, contextlib.ExitStack() as stack:
        for engine, Model in (("NumPy", nn.Model), ("Keras", load_keras().Model)):
            stack.enter_context(mock.patch.object(Model, "fit", _watched(Model.fit, engine, show, took)))
        yield
    seconds = {engine: sum(part for name, part in took if name == engine) for engine, _ in took}
    line.end("Training took: " + ", ".join(f"{engine} {total:.1f} s" for engine, total in seconds.items()))


def each(items, what):
    """Go through items and show how many are done: `for image in live.each(images, "scenes"):`.

    Args:
        items: anything that can be gone through.
        what: what they are, in the plural.

    Yields:
        The items.
    """
    items = list(items)
    with Line() as line:
        for done, item in enumerate(items):
            line.show(done / len(items), f"{done} of {len(items)} {what}")
            yield item
        line.end(f"{len(items)} of {len(items)} {what}")


def _watched(fit, engine, show, took):
    """`fit` with a callback more, which shows how far it is; its seconds are added to those that were taken."""
    signature = inspect.signature(fit)

    @functools.wraps(fit)
    def watched(*args, **options):
        call = signature.bind(*args, **options)
        given = call.arguments.get("callbacks") or []
        if isinstance(given, (list, tuple)):
            call.arguments["callbacks"] = [*given, _callback(engine, show)]
        begun = time.perf_counter()
        try:
            return fit(*call.args, **call.kwargs)
        finally:
            took.append((engine, time.perf_counter() - begun))

    return watched


def _callback(engine, show):
    """A callback, for both engines, that shows how far a training is."""
    updates = [0]

    def count(batch, logs=None):
        updates[0] += 1
        epochs, steps = callback.params["epochs"], callback.params["steps"] or updates[0]
        epoch = f", epoch {(updates[0] - 1) // steps + 1} of {epochs}" if epochs > 1 else ""
        show(updates[0] / (epochs * steps), engine + epoch)

    callback = load_keras().callbacks.LambdaCallback(on_train_batch_end=count)
    return callback
