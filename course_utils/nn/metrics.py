"""Metrics by the names of `keras.metrics`: numbers to watch, one value for each record, averaged over all records."""

import numpy as np

from . import losses, utils


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Return, for each record, the share of outputs on the right side of the threshold.

    Args:
        y_true: labels 0 or 1, `(batch, outputs)`.
        y_pred: probabilities `(batch, outputs)`.
        threshold: a probability above it counts as class 1.

    Returns:
        Array `(batch,)`.
    """
    return np.mean((y_pred > threshold) == np.asarray(y_true, float), axis=-1)


def categorical_accuracy(y_true, y_pred):
    """Return, for each record, whether the most probable class is the one-hot label's.

    Args:
        y_true: one-hot labels `(batch, …, classes)`.
        y_pred: probabilities `(batch, …, classes)`.

    Returns:
        Array `(batch, …)` of zeros and ones.
    """
    return (np.argmax(y_true, axis=-1) == np.argmax(y_pred, axis=-1)).astype(float)


def sparse_categorical_accuracy(y_true, y_pred):
    """Return, for each record, whether the most probable class is the label.

    Args:
        y_true: class numbers `(batch, …)` or `(batch, …, 1)`.
        y_pred: probabilities `(batch, …, classes)`.

    Returns:
        Array `(batch, …)` of zeros and ones.
    """
    classes = np.argmax(y_pred, axis=-1)
    return (np.reshape(y_true, classes.shape) == classes).astype(float)


def _accuracy_for(y_true, y_pred):
    """Choose the accuracy that fits the shapes, as Keras does for `metrics=["accuracy"]`."""
    if y_pred.shape[-1] == 1:
        return binary_accuracy
    sparse = np.ndim(y_true) < y_pred.ndim or np.shape(y_true)[-1] == 1
    return sparse_categorical_accuracy if sparse else categorical_accuracy


def _from_loss(name):
    return lambda y_true, y_pred: losses.get(name).values(*losses.get(name).prepare(y_true, y_pred))


_TABLE = {
    "binary_accuracy": binary_accuracy,
    "categorical_accuracy": categorical_accuracy,
    "sparse_categorical_accuracy": sparse_categorical_accuracy,
    "mae": _from_loss("mae"),
    "mean_absolute_error": _from_loss("mae"),
    "mse": _from_loss("mse"),
    "mean_squared_error": _from_loss("mse"),
}


def get(identifier):
    """Return the metric that a name stands for.

    Args:
        identifier: a name such as `"accuracy"`, or a function `(y_true, y_pred) -> values of the records`.

    Returns:
        A function `(y_true, y_pred) -> array`.

    Raises:
        ValueError: for an unknown name.
    """
    if callable(identifier):
        return identifier
    if identifier in ("accuracy", "acc"):
        return lambda y_true, y_pred: _accuracy_for(y_true, y_pred)(y_true, y_pred)
    return utils.lookup("metrics", "identifier", identifier, _TABLE)
