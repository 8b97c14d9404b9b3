"""Are the gradients right? Compare each with what the loss does when its weight is nudged."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GradientCheck:
    """What `gradcheck` found.

    Args:
        errors: dict of variable path → largest relative error among its elements.
        tolerance: the error up to which a gradient counts as right.
    """

    errors: dict
    tolerance: float

    @property
    def ok(self):
        """Whether every gradient is within the tolerance."""
        return all(error <= self.tolerance for error in self.errors.values())

    def __str__(self):
        width = max(map(len, self.errors), default=0)
        lines = [f"{path:<{width}}  {_verdict(error, self.tolerance)}" for path, error in self.errors.items()]
        return "\n".join(lines)

    __repr__ = __str__


def _verdict(error, tolerance):
    return f"right, within {tolerance:.0e}" if error <= tolerance else f"WRONG, off by {error:.1e}"


def numerical_gradient(f, array, epsilon=1e-6):
    """Return the slope of f in each element: (f(w + ε) − f(w − ε)) / 2ε, one element at a time.

    Args:
        f: function without arguments that returns a number and reads `array`.
        array: the array to nudge, in place; it is as before when the function returns.
        epsilon: ε.

    Returns:
        Array of the same shape.
    """
    slopes = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        old = array[index]
        try:
            array[index] = old + epsilon
            above = f()
            array[index] = old - epsilon
            below = f()
        finally:
            array[index] = old
        slopes[index] = (above - below) / (2 * epsilon)
    return slopes


def gradcheck(model, x, y, epsilon=1e-6, tolerance=1e-6):
    """Compare every element of every gradient of a compiled model with central differences.

    The error of an element is |g − slope| / max(1, |g|, |slope|). Do it in float64
    (`nn.config.set_floatx("float64")` before the layers are made): float32 is too coarse for small nudges.

    Args:
        model: a compiled `nn` model without randomness in training (no Dropout).
        x: records `(batch, …)`.
        y: labels.
        epsilon: the nudge.
        tolerance: the largest error that counts as right.

    Returns:
        A GradientCheck, by variable path.

    Raises:
        ValueError: if the model is not in float64.
    """
    if model.dtype != "float64":
        raise ValueError(
            f"gradcheck: model must be made in float64, got {model.dtype}; call set_floatx('float64') first"
        )
    gradients = model.gradients(x, y)
    weights = {variable.path: variable for variable in model.trainable_weights}
    errors = {}
    for path, gradient in gradients.items():
        slope = numerical_gradient(lambda: model.loss_and_gradients(x, y)[0], weights[path].value, epsilon)
        scale = np.maximum(1, np.maximum(np.abs(gradient), np.abs(slope)))
        errors[path] = float((np.abs(gradient - slope) / scale).max(initial=0))
    return GradientCheck(errors, tolerance)
