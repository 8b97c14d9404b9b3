"""The trainings of the batch explorer: many 3–2–1 networks at once, one for each learning rate of its slider.

For networks this small the time of NumPy is that of its calls, and 61 networks need no more calls than one. The last
axis counts the networks; each does what `nn` does with a model of its own.
"""

from functools import lru_cache

import numpy as np

from course_utils import nn
from course_utils.nn.layers.base import Variable

from .dense_networks import FIRST_WEIGHTS, birds
from .gradient_descent import OPTIMIZERS

RECORDS = 274
BATCH_SIZES = (1, 32, RECORDS)
BETWEEN_POINTS = {1: 9, 32: 32, RECORDS: RECORDS}  # records from one point of a curve to the next


def points_per_epoch(batch_size):
    """Return how many points an epoch adds to a curve.

    Args:
        batch_size: one of BATCH_SIZES.
    """
    return -(-RECORDS // BETWEEN_POINTS[batch_size])


def orders(seed):
    """Yield the birds' order in one epoch after the other, a new one every time.

    Args:
        seed: of the first one and all that follow.
    """
    generator = np.random.default_rng(seed)
    while True:
        yield generator.permutation(RECORDS)


def forward(weights, x):
    """Return hidden outputs h = σ(x W + b) and predictions ŷ = σ(h · w + b) of all networks.

    Args:
        weights: of each network, in the order of FIRST_WEIGHTS `(11, networks)`.
        x: records `(batch, 3)`.

    Returns:
        `(hidden, y_hat)`: `(batch, 2, networks)` and `(batch, networks)`.
    """
    kernel = weights[:6].reshape(3, -1)  # (3, 2 · networks): one product for all
    hidden = nn.activations.sigmoid((x @ kernel).reshape(len(x), 2, -1) + weights[6:8])
    return hidden, nn.activations.sigmoid((hidden * weights[8:10]).sum(axis=1) + weights[10])


def gradient(weights, x, y):
    """Return the slopes of the binary cross-entropy, mean over the batch; for a sum z of the output: (ŷ − y) / batch.

    Args:
        weights: of each network `(11, networks)`.
        x: records `(batch, 3)`.
        y: labels `(batch, 1)`.

    Returns:
        `(11, networks)`, in the order of the weights.
    """
    hidden, y_hat = forward(weights, x)
    output = (y_hat - y) / len(x)  # (batch, networks)
    back = output[:, np.newaxis] * weights[8:10] * hidden * (1 - hidden)  # (batch, 2, networks)
    kernel = (x.T @ back.reshape(len(x), -1)).reshape(6, -1)
    rows = kernel, back.sum(axis=0), (hidden * output[:, np.newaxis]).sum(axis=0), output.sum(axis=0, keepdims=True)
    return np.concatenate(rows)


class Runs:
    """The trainings with each of some learning rates, made epoch by epoch and remembered.

    Args:
        rates: the learning rates.
        optimizer: a key of OPTIMIZERS.
        batch_size: one of BATCH_SIZES.
        seed: of the birds' order.
    """

    def __init__(self, rates, optimizer, batch_size, seed):
        kind, arguments = OPTIMIZERS[optimizer]
        self._optimizer = getattr(nn.optimizers, kind)(**arguments)
        self._rates, self._batch_size, self._orders = np.array(rates, "float32"), batch_size, orders(seed)
        start = np.repeat(np.array(FIRST_WEIGHTS, "float32")[:, np.newaxis], len(rates), axis=1)
        self._variable = Variable(start, "weights", None)
        self._points = [start.copy()]

    def until(self, epochs):
        """Return the weights at first and after every BETWEEN_POINTS records, a list of arrays `(11, rates)`.

        Args:
            epochs: how many to train in all.
        """
        wanted = 1 + epochs * points_per_epoch(self._batch_size)
        while len(self._points) < wanted:
            self._train(next(self._orders))
        return self._points[:wanted]

    def _train(self, order):
        x, y = (array.astype("float32")[order] for array in birds())
        state = self._optimizer.state_of(self._variable)
        for begin in range(0, RECORDS, self._batch_size):
            end = min(begin + self._batch_size, RECORDS)
            slopes = gradient(self._variable.value, x[begin:end], y[begin:end])
            # Not `apply_gradients`: that takes one learning rate for all.
            self._optimizer.update_step(slopes, self._variable, self._rates, state)
            self._optimizer.iterations += 1
            if end % BETWEEN_POINTS[self._batch_size] == 0 or end == RECORDS:
                self._points.append(self._variable.value.copy())


_runs = lru_cache(maxsize=64)(Runs)


def curve(rates, batch_size, learning_rate, optimizer, seed, epochs):
    """Return how the cost fell, and what is predicted at the end.

    Args:
        rates: tuple of learning rates that are trained together, if learning_rate is one of them.
        batch_size: one of BATCH_SIZES.
        learning_rate: η.
        optimizer: a key of OPTIMIZERS.
        seed: of the birds' order.
        epochs: passes through all records.

    Returns:
        `(costs, y_hat)`: the cost J over all birds at first and after every BETWEEN_POINTS records `(points,)`; and the
        predictions for all birds at the end `(274,)`.
    """
    together = rates if learning_rate in rates else (learning_rate,)
    points = _runs(together, optimizer, batch_size, seed).until(epochs)
    weights = np.stack([point[:, together.index(learning_rate)] for point in points], axis=1)
    x, y = (array.astype("float32") for array in birds())
    y_hat = forward(weights, x)[1].T  # the points are the networks now: (points, 274)
    return nn.losses.BinaryCrossentropy().values(y.T, y_hat), y_hat[-1]
