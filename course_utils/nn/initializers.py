"""Starting values of weights: the initializers of Keras by name, drawn from a NumPy Generator.

The distributions are those of Keras; the random numbers are not (NumPy and TensorFlow draw differently), so
equal starting weights are made by `bridge.copy_weights`.
"""

import math

import numpy as np

from . import config, utils


class Initializer:
    """Something that fills an array of a given shape.

    Args:
        draw: function `(generator, shape) -> array`.
        seed: None, an integer, or a `numpy.random.Generator`.
    """

    def __init__(self, draw, seed=None):
        self.draw = draw
        self.seed = seed

    def __call__(self, shape, dtype=None):
        """Return a new array.

        Args:
            shape: tuple of ints.
            dtype: `"float32"` or `"float64"`; `config.floatx()` if None.

        Returns:
            Array of that shape.
        """
        values = self.draw(utils.generator(self.seed), tuple(shape))
        return np.asarray(values, dtype or config.floatx())


def _truncated_normal(rng, shape, mean, stddev):
    """Draw again whatever falls more than two standard deviations away, as Keras does."""
    values = rng.standard_normal(shape)
    while (outside := np.abs(values) > 2).any():
        values = np.where(outside, rng.standard_normal(shape), values)
    return mean + stddev * values


def Zeros():
    """Fill with 0 (`keras.initializers.Zeros`)."""
    return Constant(0.0)


def Ones():
    """Fill with 1 (`keras.initializers.Ones`)."""
    return Constant(1.0)


def Constant(value=0.0):
    """Fill with one value (`keras.initializers.Constant`).

    Args:
        value: a number.
    """
    return Initializer(lambda rng, shape: np.full(shape, value))


def RandomNormal(mean=0.0, stddev=0.05, seed=None):
    """Draw from a normal distribution (`keras.initializers.RandomNormal`).

    Args:
        mean: its center.
        stddev: its standard deviation.
        seed: None, an integer, or a Generator.
    """
    return Initializer(lambda rng, shape: rng.normal(mean, stddev, shape), seed)


def RandomUniform(minval=-0.05, maxval=0.05, seed=None):
    """Draw evenly between two numbers (`keras.initializers.RandomUniform`).

    Args:
        minval: the lowest value.
        maxval: the highest value.
        seed: None, an integer, or a Generator.
    """
    return Initializer(lambda rng, shape: rng.uniform(minval, maxval, shape), seed)


def TruncatedNormal(mean=0.0, stddev=0.05, seed=None):
    """Draw from a normal distribution cut at two standard deviations (`keras.initializers.TruncatedNormal`).

    Args:
        mean: its center.
        stddev: its standard deviation before the cut.
        seed: None, an integer, or a Generator.
    """
    return Initializer(lambda rng, shape: _truncated_normal(rng, shape, mean, stddev), seed)


def fans(shape):
    """Count the inputs and outputs of one weight array.

    Args:
        shape: `(inputs, outputs)` for Dense, `(*kernel size, channels, filters)` for a convolution.

    Returns:
        `(fan_in, fan_out)`.
    """
    if len(shape) == 0:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    places = math.prod(shape[:-2])
    return places * shape[-2], places * shape[-1]


def VarianceScaling(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
    """Draw with variance scale / fan, to suit the number of inputs or outputs (`keras.initializers.VarianceScaling`).

    Args:
        scale: positive number.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"` (their mean).
        distribution: `"uniform"`, `"truncated_normal"` or `"untruncated_normal"`.
        seed: None, an integer, or a Generator.

    Raises:
        ValueError: for another mode or distribution, or a scale that is not positive.
    """
    if not scale > 0:
        raise ValueError(f"VarianceScaling: scale must be above 0, got {scale!r}")
    fan_of = utils.lookup(
        "VarianceScaling",
        "mode",
        mode,
        {"fan_in": lambda i, o: i, "fan_out": lambda i, o: o, "fan_avg": lambda i, o: (i + o) / 2},
    )
    # 0.8796… is the standard deviation of a standard normal cut at ±2: dividing by it restores the variance.
    draws = {
        "uniform": lambda rng, shape, v: rng.uniform(-math.sqrt(3 * v), math.sqrt(3 * v), shape),
        "truncated_normal": lambda rng, shape, v: _truncated_normal(rng, shape, 0, math.sqrt(v) / 0.87962566103423978),
        "untruncated_normal": lambda rng, shape, v: rng.normal(0, math.sqrt(v), shape),
    }
    draw = utils.lookup("VarianceScaling", "distribution", distribution, draws)
    return Initializer(lambda rng, shape: draw(rng, shape, scale / max(1.0, fan_of(*fans(shape)))), seed)


def GlorotUniform(seed=None):
    """Uniform within ±√(6 / (fan_in + fan_out)), the default of Dense (Glorot & Bengio 2010).

    Args:
        seed: None, an integer, or a Generator.
    """
    return VarianceScaling(1.0, "fan_avg", "uniform", seed)


def GlorotNormal(seed=None):
    """Truncated normal with variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010).

    Args:
        seed: None, an integer, or a Generator.
    """
    return VarianceScaling(1.0, "fan_avg", "truncated_normal", seed)


def HeUniform(seed=None):
    """Uniform within ±√(6 / fan_in), made for ReLU (He et al. 2015).

    Args:
        seed: None, an integer, or a Generator.
    """
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


def HeNormal(seed=None):
    """Truncated normal with variance 2 / fan_in, made for ReLU (He et al. 2015).

    Args:
        seed: None, an integer, or a Generator.
    """
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed)


def LecunUniform(seed=None):
    """Uniform within ±√(3 / fan_in) (LeCun et al. 1998).

    Args:
        seed: None, an integer, or a Generator.
    """
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def LecunNormal(seed=None):
    """Truncated normal with variance 1 / fan_in (LeCun et al. 1998).

    Args:
        seed: None, an integer, or a Generator.
    """
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed)


def Orthogonal(gain=1.0, seed=None):
    """Rows or columns at right angles and of equal length, the default of recurrent kernels (Saxe et al. 2014).

    Args:
        gain: factor on the matrix.
        seed: None, an integer, or a Generator.
    """

    def draw(rng, shape):
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # makes the result unique
        return gain * (q.T if rows < columns else q).reshape(shape)

    return Initializer(draw, seed)


_TABLE = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "normal": RandomNormal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "uniform": RandomUniform,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "orthogonal": Orthogonal,
}


def get(identifier):
    """Return the initializer that a name stands for.

    Args:
        identifier: a name such as `"glorot_uniform"`, or anything that is called with `(shape, dtype)`.

    Returns:
        An initializer.

    Raises:
        ValueError: for an unknown name.
    """
    return identifier if callable(identifier) else utils.lookup("initializer", "identifier", identifier, _TABLE)()
