"""The trainings of the growth explorer and of `data/experiments.py`: which digits, which model, which batches."""

from functools import cache

import numpy as np

from course_utils import bridge, data, nn

CLASSES, PIXELS, BATCH = 10, 784, 32
UPDATES = 500  # of each run, whatever the number of digits: the same arithmetic for all
PART = 25  # updates of a live run between two pictures


@cache
def digits():
    """Return the digits as records, pixels from 0 to 1.

    Returns:
        `(x, y), (x_new, y_new)`: 4,000 to learn from `(4000, 784)` and 1,000 new ones `(1000, 784)`, with labels.
    """
    return tuple((x.reshape(-1, PIXELS).astype("float32") / 255, y.astype(int)) for x, y in data.load_digits())


def build(K, units, learning_rate):
    """Return a compiled classifier of digits: 784–units–10, or 784–10 without hidden units.

    Args:
        K: `nn` or `keras`.
        units: hidden units; 0 for the linear model.
        learning_rate: η of Adam.
    """
    hidden = [K.layers.Dense(units, activation="relu", name="hidden")] if units else []
    output = K.layers.Dense(CLASSES, activation="softmax", name="output")
    model = K.Sequential([K.Input(shape=(PIXELS,)), *hidden, output])
    model.compile(optimizer=K.optimizers.Adam(learning_rate), loss="sparse_categorical_crossentropy")
    return model


def batches(size, seed):
    """Draw the digits to learn from, and then a batch of them for each update.

    Args:
        size: number of different digits.
        seed: of the drawing.

    Returns:
        `(rows, batches)`: rows of the digits `(size,)`, and the rows of each batch `(500, 32)`.
    """
    random = np.random.default_rng(seed)
    rows = random.permutation(len(digits()[0][0]))[:size]
    return rows, rows[random.integers(size, size=(UPDATES, BATCH))]


def accuracy(model, x, y):
    """Return the share of records whose largest score is at the label.

    Args:
        model: of either engine.
        x: records `(n, 784)`.
        y: labels `(n,)`.
    """
    return float(np.mean(np.argmax(np.asarray(model(x)), axis=1) == y))


class Run:
    """One training with seed 0, made part by part and remembered.

    Args:
        K: `nn` or `keras`.
        size: number of digits to learn from.
        units: hidden units.
        rate: learning rate.
    """

    def __init__(self, K, size, units, rate):
        nn.utils.set_random_seed(0)
        start = build(nn, units, rate)
        self.model = start if K is nn else build(K, units, rate)
        if K is not nn:
            bridge.copy_weights(start, self.model)
        self.batches = batches(size, 0)[1]
        x, y = digits()[0]
        scores = np.asarray(self.model(x[self.batches[0]]))
        self.first_loss = float(-np.log(scores[np.arange(BATCH), y[self.batches[0]]]).mean())
        self.losses, self.accuracies = [], [accuracy(self.model, *digits()[1])]

    def until(self, updates):
        """Return the accuracies on new digits after 0, 25, … updates.

        Args:
            updates: how many to make in all.
        """
        x, y = digits()[0]
        while len(self.losses) < updates:
            for rows in self.batches[len(self.losses) : len(self.losses) + PART]:
                self.losses.append(float(self.model.train_on_batch(x[rows], y[rows])))
            self.accuracies.append(accuracy(self.model, *digits()[1]))
        return self.accuracies[: updates // PART + 1]
