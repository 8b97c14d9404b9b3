"""Normalization layers hold the numbers of Keras, and so do their moving averages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn, startup
from course_utils.bridge import number_type
from tests.parity import assert_parity, twins

MASK = [[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0]]
# name: (layer, shape of a record)
LAYERS = {
    "layer": (lambda K: K.layers.LayerNormalization(name="n"), (5,)),
    "layer of one feature": (lambda K: K.layers.LayerNormalization(name="n"), (3, 1)),
    "layer of a sequence": (lambda K: K.layers.LayerNormalization(epsilon=0.1, name="n"), (3, 4)),
    "layer, other axis": (lambda K: K.layers.LayerNormalization(axis=1, name="n"), (3, 4)),
    "layer, two axes": (lambda K: K.layers.LayerNormalization(axis=[1, 2], name="n"), (3, 4)),
    "layer, two axes from the end": (lambda K: K.layers.LayerNormalization(axis=(-2, -1), name="n"), (2, 3, 4)),
    "layer, plain": (lambda K: K.layers.LayerNormalization(center=False, scale=False, name="n"), (4,)),
    "layer, no beta": (lambda K: K.layers.LayerNormalization(center=False, name="n"), (2, 4)),
    "batch": (lambda K: K.layers.BatchNormalization(name="n"), (5,)),
    "batch of images": (lambda K: K.layers.BatchNormalization(momentum=0.7, epsilon=0.01, name="n"), (3, 2, 4)),
    "batch, other axis": (lambda K: K.layers.BatchNormalization(axis=1, name="n"), (3, 4)),
    "batch, plain": (lambda K: K.layers.BatchNormalization(center=False, scale=False, name="n"), (3, 4)),
    "batch, no gamma": (lambda K: K.layers.BatchNormalization(scale=False, name="n"), (4,)),
    "batch, frozen": (lambda K: K.layers.BatchNormalization(trainable=False, name="n"), (4,)),
}


def network(layer, shape, masked=False):
    """Return a function of an engine that puts a layer between two Dense ones."""

    def build(K):
        masking = [K.layers.Masking(mask_value=-1.0, name="masking")] * masked
        first = [] if masked else [K.layers.Dense(shape[-1], activation="tanh", name="first")]
        layers = [K.Input(shape), *masking, *first, layer(K), K.layers.Dense(2, name="last")]
        model = K.Sequential(layers)
        model.compile(optimizer=K.optimizers.Adam(0.01), loss="mse")
        return model

    return build


def data(shape, records=4, seed=0):
    """Return records and labels for `network`."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(records, *shape)), rng.normal(size=(records, *shape[:-1], 2))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_agrees(name, dtype):
    layer, shape = LAYERS[name]
    assert_parity(network(layer, shape), *data(shape), dtype)


@pytest.mark.parametrize("name", LAYERS)
def test_one_record_agrees(name):
    layer, shape = LAYERS[name]
    assert_parity(network(layer, shape), *data(shape, records=1), "float64")


@pytest.mark.parametrize("mask", [MASK, [[0, 0, 0]] * 4], ids=["some", "none real"])
@pytest.mark.parametrize("name", ["layer of a sequence", "batch", "batch, plain", "batch, other axis"])
def test_padding_does_not_count(name, mask):
    x, y = data((3, 2))
    x[~np.array(mask, bool)] = -1
    assert_parity(network(LAYERS[name][0], (3, 2), masked=True), x, y, "float64")


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**16),
    kind=st.sampled_from(["LayerNormalization", "BatchNormalization"]),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    records=st.integers(1, 5),
    flags=st.tuples(st.booleans(), st.booleans()),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_random_networks_agree(seed, kind, shape, records, flags, dtype):
    options = dict(zip(("center", "scale"), flags))
    build = network(lambda K: getattr(K.layers, kind)(name="n", **options), shape)
    assert_parity(build, *data(shape, records, seed), dtype, seed=seed)


def convolutional(K):
    """A small network as they are built: convolution without bias, batch normalization, ReLU."""
    L = K.layers
    blocks = [
        layer
        for i, filters in enumerate((4, 6))
        for layer in (
            L.Conv2D(filters, 3, padding="same", use_bias=False, name=f"conv{i}"),
            L.BatchNormalization(name=f"norm{i}"),
            L.Activation("relu", name=f"relu{i}"),
        )
    ]
    pool, dense = L.GlobalAveragePooling2D(name="pool"), L.Dense(3, activation="softmax", name="classes")
    model = K.Sequential([K.Input((7, 5, 2)), *blocks, pool, dense])
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_convolutional_network_agrees(dtype):
    rng = np.random.default_rng(0)
    assert_parity(convolutional, rng.normal(size=(6, 7, 5, 2)), rng.integers(0, 3, 6), dtype, steps=10)


def test_moving_averages_follow_fit_and_rule_prediction_as_in_keras():
    startup.load_keras()
    x, y = data((3, 4), records=10)
    with number_type("float64"):
        ours, theirs = twins(network(LAYERS["batch"][0], (3, 4)), np.random.default_rng(0))
        for model in (ours, theirs):
            model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
        for mine, keras in zip(ours.get_weights(), theirs.get_weights()):
            np.testing.assert_allclose(mine, keras, atol=1e-10)
        np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), atol=1e-10)


def test_looking_moves_no_average():
    x, y = data((3, 4))
    model = network(LAYERS["batch"][0], (3, 4))(nn)
    before = model.get_weights()
    model.gradients(x, y)
    model.evaluate(x, y)
    model.predict(x)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)
    model.train_on_batch(x, y)
    assert not np.array_equal(before[4], model.get_weights()[4])


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_slopes(name):
    layer, shape = LAYERS[name]
    with number_type("float64"):
        model = network(layer, shape)(nn)
        check = nn.gradcheck(model, *data(shape))
        assert check.ok, f"\n{check}"


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_float32_stays_float32(name, training):
    make, shape = LAYERS[name]
    layer = make(nn)
    x = np.ones((2, *shape), "float32")
    options = {"training": training} if layer.accepts("training") else {}
    assert layer(x, **options).dtype == np.float32
    assert layer.backward(x).dtype == np.float32
    assert {str(v.dtype) for v in layer.weights} | {str(g.dtype) for g in layer.grads.values()} <= {"float32"}


ERRORS = {
    "batch axis": (
        lambda: nn.layers.LayerNormalization(axis=0, name="n")(np.ones((2, 3))),
        r"LayerNormalization 'n': axis must be one of the axes of the inputs \(2, 3\), not 0 \(the batch\); got 0",
    ),
    "no such axis": (lambda: nn.layers.BatchNormalization(axis=3)(np.ones((2, 3))), r"\(2, 3\).*got 3"),
    "two axes": (lambda: nn.layers.BatchNormalization(axis=[1, 2]), r"axis must be a whole number, got \[1, 2\]"),
    "open size": (lambda: nn.layers.LayerNormalization()(nn.Input((None,))), "must have a known size along axis -1"),
    "mask": (
        lambda: nn.layers.BatchNormalization(name="n")(np.ones((2, 3, 4)), training=True, mask=np.ones((2, 2))),
        r"BatchNormalization 'n': mask must have shape \(2, 3\).*got \(2, 2\)",
    ),
    "unsupported": (lambda: nn.layers.BatchNormalization(renorm=True), "renorm"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_mistake_is_named(case):
    make, message = ERRORS[case]
    with pytest.raises((ValueError, TypeError), match=message):
        make()


@given(
    kind=st.sampled_from(["LayerNormalization", "BatchNormalization"]),
    shape=st.lists(st.integers(1, 4), max_size=4).map(tuple),
)
def test_another_shape_than_before_is_refused_and_changes_nothing(kind, shape):
    layer = getattr(nn.layers, kind)(name="n")
    layer(np.ones((2, 3, 5), "float32"))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=f"{kind} 'n': inputs must have 3 axes, of size .5,. along axis .2,.; got"):
        layer(np.ones(shape))
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)
