"""Loss functions, each with its gradient beside it, by the names of `keras.losses`.

The last axis of a prediction is what one record predicts; a loss takes the mean over it (or, for categorical
cross-entropy, the sum over classes) and so has one value for each record. `reduction` then makes one number.
"""

import numpy as np

from . import activations, config, utils

_DIVISORS = {
    "sum_over_batch_size": lambda values: values.size,
    "mean": lambda values: values.size,
    "sum": lambda values: 1,
}


class Loss:
    """What a prediction costs.

    Args:
        name: for messages; made from the class name if None.
        reduction: `"sum_over_batch_size"` (the mean over records), `"mean"` (the same), `"sum"`, or `"none"`/None.

    Raises:
        ValueError: for another reduction.
    """

    from_logits = False
    link = None  # the activation whose sums this loss can take directly

    def __init__(self, name=None, reduction="sum_over_batch_size"):
        if reduction not in (None, "none"):
            utils.lookup(type(self).__name__, "reduction", reduction, _DIVISORS)
        self.reduction = None if reduction == "none" else reduction
        self.name = name or utils.unique_name(type(self).__name__)

    def values(self, y_true, y_pred, from_logits=False):
        """Return the loss of each record.

        Args:
            y_true: labels, of the predictions' shape (sparse: without the last axis).
            y_pred: predictions `(batch, …, outputs)`.
            from_logits: whether y_pred holds sums before the last activation.

        Returns:
            Array `(batch, …)`.
        """
        raise TypeError(f"{type(self).__name__} does not say what it computes: write its values(y_true, y_pred)")

    def gradient(self, y_true, y_pred, from_logits=False):
        """Return ∂(loss of a record)/∂y_pred.

        Args:
            y_true: labels.
            y_pred: predictions `(batch, …, outputs)`.
            from_logits: whether y_pred holds sums before the last activation.

        Returns:
            Array of y_pred's shape.
        """
        raise TypeError(f"{type(self).__name__} does not say its slope: write its gradient(y_true, y_pred)")

    def prepare(self, y_true, y_pred):
        """Return labels and predictions as arrays that fit each other.

        Args:
            y_true: labels.
            y_pred: predictions.

        Returns:
            `(y_true, y_pred)`.

        Raises:
            ValueError: if the shapes differ; nothing is broadcast.
        """
        y_pred = np.asarray(y_pred)
        if y_pred.dtype.kind != "f":
            y_pred = y_pred.astype(config.floatx())
        y_true = np.asarray(y_true, y_pred.dtype)
        if y_true.shape != y_pred.shape:
            raise ValueError(f"{type(self).__name__}: {_shape_advice(y_true.shape, y_pred.shape)}")
        return y_true, y_pred

    def __call__(self, y_true, y_pred):
        """Return the reduced loss of a batch."""
        y_true, y_pred = self.prepare(y_true, y_pred)
        values = self.values(y_true, y_pred, self.from_logits)
        return values if self.reduction is None else values.sum() / _DIVISORS[self.reduction](values)

    def value_and_gradient(self, y_true, y_pred, logits=None, mask=None):
        """Return the reduced loss and its gradient, as training needs them.

        Args:
            y_true: labels.
            y_pred: predictions.
            logits: the sums before the last activation; where given, the gradient is taken at them.
            mask: boolean array of the shape of the values; only True entries count.

        Returns:
            `(loss, gradient)`: a float, and an array of y_pred's shape.

        Raises:
            ValueError: if shapes do not fit, or the reduction leaves no single number.
        """
        if self.reduction is None:
            raise ValueError(f"{type(self).__name__}: training needs one number; reduction must not be 'none'")
        y_true, y_pred = self.prepare(y_true, y_pred)
        at, from_logits = (y_pred, self.from_logits) if logits is None else (logits, True)
        values = self.values(y_true, at, from_logits)
        gradient = self.gradient(y_true, at, from_logits)
        if mask is None:
            weight = 1 / _DIVISORS[self.reduction](values)
            return float(values.sum()) * weight, gradient * at.dtype.type(weight)
        if mask.shape != values.shape:
            raise ValueError(
                f"{type(self).__name__}: the mask of the predictions must have shape {values.shape}, as the losses do, "
                f"got {mask.shape}"
            )
        weights = mask / max(mask.sum(), 1) if self.reduction != "sum" else mask
        weights = weights.astype(at.dtype)
        return float((values * weights).sum()), gradient * weights[..., None]


def _shape_advice(labels, outputs):
    text = f"y_true must have the shape of the predictions, {outputs}, got {labels}"
    if len(labels) == len(outputs) - 1 and outputs[-1:] == (1,):
        return f"{text}. Give each label a row of its own: y[:, None] or y.reshape(-1, 1)"
    if labels[-1:] == (1,) and labels[:-1] == outputs:
        return f"{text}. Take the last axis away: y[:, 0]"
    return text


class MeanSquaredError(Loss):
    """L = mean over outputs of (ŷ − y)², slope 2 (ŷ − y) / outputs (`keras.losses.MeanSquaredError`).

    Args:
        reduction: see Loss.
        name: see Loss.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error"):
        super().__init__(name, reduction)

    def values(self, y_true, y_pred, from_logits=False):
        e = y_pred - y_true
        return np.einsum("...i,...i->...", e, e) / e.shape[-1]  # Σ e² without an array of squares

    def gradient(self, y_true, y_pred, from_logits=False):
        return 2 * (y_pred - y_true) / y_pred.shape[-1]


class MeanAbsoluteError(Loss):
    """L = mean over outputs of |ŷ − y|, slope sign(ŷ − y) / outputs (`keras.losses.MeanAbsoluteError`).

    Args:
        reduction: see Loss.
        name: see Loss.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error"):
        super().__init__(name, reduction)

    def values(self, y_true, y_pred, from_logits=False):
        return np.mean(np.abs(y_pred - y_true), axis=-1)

    def gradient(self, y_true, y_pred, from_logits=False):
        return np.sign(y_pred - y_true) / y_pred.shape[-1]


class Huber(Loss):
    """With e = ŷ − y: L = e²/2 where |e| ≤ delta, else delta |e| − delta²/2 (`keras.losses.Huber`; Huber 1964).

    The slope is e, held between −delta and delta.

    Args:
        delta: where the parabola becomes a straight line, above 0.
        reduction: see Loss.
        name: see Loss.

    Raises:
        ValueError: if delta is not above 0.
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss"):
        super().__init__(name, reduction)
        if not delta > 0:
            raise ValueError(f"Huber: delta must be above 0, got {delta!r}")
        self.delta = delta

    def values(self, y_true, y_pred, from_logits=False):
        e = np.abs(y_pred - y_true)
        return np.mean(np.where(e <= self.delta, 0.5 * e**2, self.delta * e - 0.5 * self.delta**2), axis=-1)

    def gradient(self, y_true, y_pred, from_logits=False):
        return np.clip(y_pred - y_true, -self.delta, self.delta) / y_pred.shape[-1]


def _clip(p):
    """Keep probabilities away from 0 and 1, where a logarithm has no value; also say which were inside."""
    low, high = p.dtype.type(config.epsilon()), p.dtype.type(1 - config.epsilon())
    return np.clip(p, low, high), (p >= low) & (p <= high)


class _Crossentropy(Loss):
    """The part that the three cross-entropies share.

    Args:
        from_logits: True if predictions are sums z, False if they are probabilities.
        reduction: see Loss.
        name: see Loss.
    """

    def __init__(self, from_logits, reduction, name):
        super().__init__(name, reduction)
        self.from_logits = from_logits


class BinaryCrossentropy(_Crossentropy):
    """L = −mean over outputs of y log p + (1 − y) log(1 − p), p = σ(z); slope at z: (p − y) / outputs.

    Source: `keras.losses.BinaryCrossentropy`. Probabilities are held between 1e-7 and 1 − 1e-7.

    Args:
        from_logits: True if predictions are sums z, False if they are probabilities p.
        reduction: see Loss.
        name: see Loss.
    """

    link = "sigmoid"

    def __init__(self, from_logits=False, *, reduction="sum_over_batch_size", name="binary_crossentropy"):
        super().__init__(from_logits, reduction, name)

    def values(self, y_true, y_pred, from_logits=False):
        if from_logits:  # max(z, 0) − z y + log(1 + e^(−|z|)) never overflows
            z = y_pred
            return np.mean(np.maximum(z, 0) - z * y_true + np.log1p(np.exp(-np.abs(z))), axis=-1)
        p, _ = _clip(y_pred)
        return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)

    def gradient(self, y_true, y_pred, from_logits=False):
        if from_logits:
            return (activations.sigmoid(y_pred) - y_true) / y_pred.shape[-1]
        p, inside = _clip(y_pred)
        return inside * (p - y_true) / (p * (1 - p)) / y_pred.shape[-1]


class CategoricalCrossentropy(_Crossentropy):
    """L = −Σ over classes of y log p, with one-hot y and p = softmax(z); slope at z: p Σy − y.

    Source: `keras.losses.CategoricalCrossentropy`. Probabilities are first made to add up to 1.

    Args:
        from_logits: True if predictions are sums z, False if they are probabilities p.
        reduction: see Loss.
        name: see Loss.
    """

    link = "softmax"

    def __init__(self, from_logits=False, *, reduction="sum_over_batch_size", name="categorical_crossentropy"):
        super().__init__(from_logits, reduction, name)

    def values(self, y_true, y_pred, from_logits=False):
        if from_logits:
            return -np.sum(y_true * _log_softmax(y_pred), axis=-1)
        p, _ = _clip(y_pred / y_pred.sum(axis=-1, keepdims=True))
        return -np.sum(y_true * np.log(p), axis=-1)

    def gradient(self, y_true, y_pred, from_logits=False):
        if from_logits:
            return activations.softmax(y_pred) * y_true.sum(axis=-1, keepdims=True) - y_true
        total = y_pred.sum(axis=-1, keepdims=True)
        p, inside = _clip(y_pred / total)
        slope = -(inside * y_true) / p  # at p = y_pred / total; the division by the total comes next
        return (slope - np.sum(slope * p, axis=-1, keepdims=True)) / total


class SparseCategoricalCrossentropy(_Crossentropy):
    """L = −log p[class], with whole-number labels and p = softmax(z); slope at z: p − one-hot(class).

    Source: `keras.losses.SparseCategoricalCrossentropy`.

    Args:
        from_logits: True if predictions are sums z, False if they are probabilities p.
        reduction: see Loss.
        name: see Loss.
    """

    link = "softmax"

    def __init__(self, from_logits=False, *, reduction="sum_over_batch_size", name="sparse_categorical_crossentropy"):
        super().__init__(from_logits, reduction, name)

    def prepare(self, y_true, y_pred):
        y_pred, y_true = np.asarray(y_pred), np.asarray(y_true)
        if y_pred.dtype.kind != "f":
            y_pred = y_pred.astype(config.floatx())
        if y_true.shape == (*y_pred.shape[:-1], 1):
            y_true = y_true[..., 0]
        if y_true.shape != y_pred.shape[:-1]:
            raise ValueError(
                f"SparseCategoricalCrossentropy: y_true must hold one class number for each prediction, "
                f"shape {y_pred.shape[:-1]}, got {y_true.shape}"
            )
        classes = y_true.astype(int)
        if classes.size and not (0 <= classes.min() and classes.max() < y_pred.shape[-1] and (classes == y_true).all()):
            raise ValueError(
                f"SparseCategoricalCrossentropy: y_true must hold whole numbers from 0 to {y_pred.shape[-1] - 1}, "
                f"got values from {y_true.min()} to {y_true.max()}"
            )
        return classes, y_pred

    def values(self, y_true, y_pred, from_logits=False):
        z = y_pred if from_logits else np.log(_clip(y_pred)[0])
        return -np.take_along_axis(_log_softmax(z), y_true[..., None], axis=-1)[..., 0]

    def gradient(self, y_true, y_pred, from_logits=False):
        p, inside = (y_pred, None) if from_logits else _clip(y_pred)
        slope = activations.softmax(y_pred if from_logits else np.log(p))
        chosen = np.take_along_axis(slope, y_true[..., None], axis=-1)
        np.put_along_axis(slope, y_true[..., None], chosen - 1, axis=-1)
        return slope if from_logits else inside * slope / p


def _log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


_TABLE = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "huber": Huber,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
}


def get(identifier):
    """Return the loss that a name stands for.

    Args:
        identifier: a name such as `"mse"`, or a Loss.

    Returns:
        A Loss.

    Raises:
        ValueError: for an unknown name.
    """
    return identifier if isinstance(identifier, Loss) else utils.lookup("loss", "identifier", identifier, _TABLE)()
