"""One builder, two engines: helpers by which tests compare an nn model with its Keras twin."""

import numpy as np
import pytest

from course_utils import bridge, nn, startup


def randomize(model, rng, scale=0.5):
    """Give every weight a random value, biases too, since zeros hide mistakes; variances stay positive.

    Args:
        model: an `nn` model.
        rng: a `numpy.random.Generator`.
        scale: standard deviation.
    """
    for variable in model.weights:
        values = rng.normal(scale=scale, size=variable.shape)
        variable.assign(np.abs(values) + 0.5 if variable.name == "moving_variance" else values)


def twins(build, rng, scale=0.5):
    """Return an nn model and a Keras model with the same random weights.

    Args:
        build: function of an engine, `nn` or `keras`, that returns a model.
        rng: a `numpy.random.Generator`.
        scale: standard deviation of the weights.
    """
    ours, theirs = build(nn), build(startup.load_keras())
    randomize(ours, rng, scale)
    bridge.copy_weights(ours, theirs)
    return ours, theirs


def assert_same_input_gradients(ours, theirs, x, rng, tolerance):
    """Hold the gradients of a random weighting of the outputs, with respect to every input, against each other.

    Args:
        ours: an `nn` model.
        theirs: its Keras twin.
        x: array of numbers, or a list of arrays.
        rng: a `numpy.random.Generator`.
        tolerance: largest difference, relative above 1.
    """
    import tensorflow as tf

    inputs = x if isinstance(x, list) else [x]
    tensors = [tf.convert_to_tensor(np.asarray(array, ours.dtype)) for array in inputs]
    outputs = nn.utils.flatten([ours(x, training=True)])
    weights = [rng.normal(size=output.shape).astype(ours.dtype) for output in outputs]
    ours.zero_gradients()
    found = ours.backward(weights)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        their_outputs = nn.utils.flatten([theirs(tensors if isinstance(x, list) else tensors[0], training=True)])
        total = sum(tf.reduce_sum(output * weight) for output, weight in zip(their_outputs, weights, strict=True))
    expected = tape.gradient(total, tensors, unconnected_gradients="zero")
    for ours_gradient, theirs_gradient in zip(nn.utils.flatten([found]), expected, strict=True):
        row = bridge.Row("input gradient", ours_gradient, theirs_gradient.numpy(), tolerance)
        assert row.agrees, f"input gradient differs by {row.difference:.3g}"


def assert_parity(build, x, y, dtype="float32", steps=5, seed=0, input_gradients=True, scale=0.5):
    """Assert that both engines give the same outputs, loss, gradients and trained weights.

    Args:
        build: function of an engine that returns a compiled model; called inside `number_type(dtype)`.
        x: array or list of arrays; floats are cast to dtype.
        y: labels.
        dtype: `"float32"` or `"float64"`.
        steps: optimizer steps.
        seed: of the weights.
        input_gradients: whether the inputs have gradients (whole numbers for an Embedding have none).
        scale: standard deviation of the weights.
    """
    cast = lambda a: a.astype(dtype) if a.dtype.kind == "f" else a  # noqa: E731
    x = nn.utils.map_structure(cast, x)
    rng = np.random.default_rng(seed)
    with bridge.number_type(dtype):
        ours, theirs = twins(build, rng, scale)
        comparison = bridge.compare(ours, theirs, x, y, steps=steps)
        assert comparison.agrees, f"\n{comparison!r}"
        if input_gradients:
            tolerance = bridge.TOLERANCES[dtype]["gradient"]
            assert_same_input_gradients(ours, theirs, x, rng, tolerance)


def assert_values(values, state, wanted, tolerance):
    """Compare the values that an explorer shows, by either engine, with numbers found otherwise and with each other.

    Args:
        values: the explorer's function `values(K, state)`.
        state: dict of its state.
        wanted: dict of name → number, in the order of its table.
        tolerance: relative, absolute below 1.
    """
    ours, theirs = (values(K, state) for K in (nn, startup.load_keras()))
    for found in (ours, theirs):
        assert list(found) == list(wanted)
        assert list(found.values()) == pytest.approx(list(wanted.values()), rel=tolerance, abs=tolerance)
    for name, value in ours.items():
        assert bridge.Row(name, value, theirs[name], tolerance).agrees
