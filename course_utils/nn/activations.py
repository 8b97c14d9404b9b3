"""Activation functions, each with its derivative beside it.

A forward function takes z (any shape) and returns a of the same shape. Its `.backward(grad, z, a)` takes
∂L/∂a and returns ∂L/∂z; elementwise functions multiply by the slope, softmax mixes the classes of a record.
Where `.reads_z` is False, the slope is found from a alone, and z need not be kept: it may come as None.
"""

import math

import numpy as np

from . import utils


def _derivative(backward, reads_z=False):
    """Attach the backward function to the forward function under it, and whether it reads z or makes do with a."""

    def attach(forward):
        forward.backward, forward.reads_z = backward, reads_z
        return forward

    return attach


@_derivative(lambda grad, z, a: grad)
def linear(x):
    """Return x unchanged: a = z.

    Args:
        x: array of any shape.

    Returns:
        The same array (`keras.activations.linear`).
    """
    return x


@_derivative(lambda grad, z, a: grad * a * (1 - a))
def sigmoid(x):
    """Squash to 0 … 1: a = 1 / (1 + e^(−z)), slope a (1 − a).

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape (`keras.activations.sigmoid`).
    """
    # Below −80, a is 0 for any purpose; e^80 does not overflow yet, and a is not yet one of the slow, denormal numbers.
    return 1 / (1 + np.exp(-np.maximum(x, -80)))


@_derivative(lambda grad, z, a: grad * (1 - a * a))
def tanh(x):
    """Squash to −1 … 1: a = (e^z − e^(−z)) / (e^z + e^(−z)), slope 1 − a².

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape (`keras.activations.tanh`).
    """
    return np.tanh(x)


@_derivative(lambda grad, z, a: grad * (a > 0))  # a > 0 exactly where z > 0
def relu(x):
    """Cut at zero: a = max(z, 0), slope 1 where z > 0 and 0 elsewhere.

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape (`keras.activations.relu`).
    """
    return np.maximum(x, 0)


# TensorFlow rounds these two constants to float32 whatever the number type; it shows in float64.
LEAK = float(np.float32(0.2))
SQRT_HALF = float(np.float32(math.sqrt(0.5)))


@_derivative(lambda grad, z, a: np.where(a > 0, grad, LEAK * grad))
def leaky_relu(x):
    """Let a little through below zero: a = z where z > 0, else 0.2 z.

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape (`keras.activations.leaky_relu`).
    """
    return np.where(x > 0, x, LEAK * x)


@_derivative(lambda grad, z, a: np.where(a > 0, grad, grad * (a + 1)))
def elu(x):
    """Bend smoothly to −1 below zero: a = z where z > 0, else e^z − 1.

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape (`keras.activations.elu`).
    """
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


# erf and its slope at the points 0, 1/1024, … 6; beyond, erf is 1.
_POINTS = np.arange(6 * 1024 + 1) / 1024
_ERF = {"float64": np.array([math.erf(point) for point in _POINTS])}
_SLOPE = {"float64": 2 / math.sqrt(math.pi) * np.exp(-(_POINTS**2))}
for _table in (_ERF, _SLOPE):
    _table["float32"] = _table["float64"].astype("float32")
_BLOCK = 8192  # so many numbers at a time stay in the processor's cache: several times as fast as all at once


def erf(x):
    """Compute the error function, 2/√π ∫₀ˣ e^(−s²) ds, to the last digit of the number type.

    It is a Taylor series around the nearest point p of a table: with t = |x| − p, at most 1/2048,
    erf(p + t) = erf(p) + erf′(p) (t − p t² + (2p² − 1) t³/3 + (3p − 2p³) t⁴/6 + …).

    Args:
        x: array of any shape, float32 or float64.

    Returns:
        Array of the same shape and type (`keras.ops.erf`).
    """
    numbers, found = np.ravel(x), np.empty(x.size, x.dtype)
    for start in range(0, x.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        found[block] = _erf_of_block(numbers[block], str(x.dtype))
    return found.reshape(x.shape)


def _erf_of_block(x, dtype):
    size = np.abs(x)
    place = np.rint(np.fmin(size, 6) * 1024).astype(np.intp)
    p = place.astype(dtype) / 1024
    t = np.minimum(size, 6) - p
    series = 1 - p * t
    if dtype == "float64":  # in float32, the next term would be below the last digit
        square = p * p
        series += t * t * ((2 * square - 1) / 3 + p * (3 - 2 * square) / 6 * t)
    return np.copysign(_ERF[dtype].take(place, mode="clip") + _SLOPE[dtype].take(place, mode="clip") * t * series, x)


def _gelu_backward(grad, z, a):
    # Φ(z) once more, but from a = z Φ(z)
    cumulative = np.divide(a, z, out=np.full_like(z, 0.5), where=z != 0)
    density = np.exp(-((z * SQRT_HALF) ** 2)) * (SQRT_HALF / math.sqrt(math.pi))
    return grad * (cumulative + z * density)


@_derivative(_gelu_backward, reads_z=True)
def gelu(x):
    """Weigh z by how much of a normal distribution lies below it: a = z Φ(z).

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape (`keras.activations.gelu`, not approximated; Hendrycks & Gimpel 2016).
    """
    a = erf(x * SQRT_HALF)  # a step at a time in place: new large arrays cost more than the arithmetic
    a += 1
    a *= 0.5  # Φ(z)
    a *= x
    return a


def _softmax_backward(grad, z, a):
    """a (grad − Σ grad · a)."""
    found = grad - np.einsum("...i,...i->...", grad, a)[..., None]
    found *= a
    return found


@_derivative(_softmax_backward)
def softmax(x):
    """Share 1 out among the classes of a record: aᵢ = e^(zᵢ) / Σⱼ e^(zⱼ), over the last axis.

    Args:
        x: array `(…, classes)`.

    Returns:
        Array of the same shape; each row adds up to 1 (`keras.activations.softmax`).
    """
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))  # a shift of the whole row changes no ratio
    e /= np.einsum("...i->...", e)[..., None]  # the sum; faster than np.sum on short rows
    return e


def _step_has_no_gradient(grad, z, a):
    raise ValueError(
        "step has no gradient to learn from: its slope is 0 everywhere, and undefined at 0. "
        "Use the perceptron rule, or an activation with a slope, such as sigmoid."
    )


@_derivative(_step_has_no_gradient)
def step(x):
    """Fire or not: a = 1 where z > 0, else 0. Keras has no such activation, since it cannot learn by gradients.

    Args:
        x: array of any shape.

    Returns:
        Array of the same shape, of zeros and ones (Rosenblatt 1958).
    """
    return (np.asarray(x) > 0).astype(np.result_type(x, np.float32))


_TABLE = {f.__name__: f for f in (linear, sigmoid, tanh, relu, leaky_relu, elu, gelu, softmax, step)}


def get(identifier):
    """Return the activation function that a name stands for.

    Args:
        identifier: None (linear), a name such as `"relu"`, or a function that has a `.backward(grad, z, a)`; if that
            makes do with a, `.reads_z = False` saves memory.

    Returns:
        The function.

    Raises:
        ValueError: for an unknown name, or a function without a derivative.
    """
    if identifier is None:
        return linear
    if callable(identifier):
        if not hasattr(identifier, "backward"):
            name = getattr(identifier, "__name__", identifier)
            raise ValueError(f"activation: the function {name} has no .backward(grad, z, a), so it cannot be trained")
        return identifier
    return utils.lookup("activation", "identifier", identifier, _TABLE)
