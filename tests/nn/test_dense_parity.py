"""Random dense networks, trained in both engines, hold the same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity import assert_parity

ACTIVATIONS = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "softmax"]
OPTIMIZERS = {
    "sgd": lambda K: K.optimizers.SGD(0.05),
    "momentum": lambda K: K.optimizers.SGD(0.02, momentum=0.9),
    "nesterov": lambda K: K.optimizers.SGD(0.02, momentum=0.8, nesterov=True),
    "rmsprop": lambda K: K.optimizers.RMSprop(0.002),
    "rmsprop with momentum": lambda K: K.optimizers.RMSprop(0.002, rho=0.8, momentum=0.5),
    "adam": lambda K: K.optimizers.Adam(0.005),
    "adagrad": lambda K: K.optimizers.Adagrad(0.02),
}
# name: (loss of an engine, activation of the last layer, labels of (records, units, generator))
LOSSES = {
    "mse": (lambda K: "mse", "linear", lambda n, k, rng: rng.normal(size=(n, k))),
    "mse summed": (lambda K: K.losses.MeanSquaredError(reduction="sum"), "tanh", lambda n, k, rng: rng.random((n, k))),
    "mae": (lambda K: "mae", "linear", lambda n, k, rng: 3 + rng.normal(size=(n, k))),
    "huber": (lambda K: K.losses.Huber(delta=0.7), "linear", lambda n, k, rng: 2 * rng.normal(size=(n, k))),
    "bce": (lambda K: "binary_crossentropy", "sigmoid", lambda n, k, rng: rng.integers(0, 2, (n, k)) * 1.0),
    "bce of logits": (
        lambda K: K.losses.BinaryCrossentropy(from_logits=True),
        "linear",
        lambda n, k, rng: rng.integers(0, 2, (n, k)) * 1.0,
    ),
    "cce": (lambda K: "categorical_crossentropy", "softmax", lambda n, k, rng: np.eye(k)[rng.integers(0, k, n)]),
    "cce of logits": (
        lambda K: K.losses.CategoricalCrossentropy(from_logits=True),
        None,
        lambda n, k, rng: np.eye(k)[rng.integers(0, k, n)],
    ),
    "sparse": (lambda K: "sparse_categorical_crossentropy", "softmax", lambda n, k, rng: rng.integers(0, k, n)),
    "sparse of logits": (
        lambda K: K.losses.SparseCategoricalCrossentropy(from_logits=True),
        None,
        lambda n, k, rng: rng.integers(0, k, n),
    ),
}


def builder(inputs, hidden, units, loss, optimizer):
    """Return a function of an engine that makes a stack of Dense layers."""

    def build(K):
        layers = [
            K.layers.Dense(size, activation=activation, use_bias=bias, name=f"hidden{i}")
            for i, (size, activation, bias) in enumerate(hidden)
        ]
        last = K.layers.Dense(units, activation=LOSSES[loss][1], name="output")
        model = K.Sequential([K.Input(shape=(inputs,)), *layers, last])
        model.compile(optimizer=OPTIMIZERS[optimizer](K), loss=LOSSES[loss][0](K))
        return model

    return build


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    records=st.integers(1, 9),
    inputs=st.integers(1, 5),
    hidden=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(ACTIVATIONS), st.booleans()), max_size=3),
    units=st.integers(2, 4),
    loss=st.sampled_from(list(LOSSES)),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_random_stacks_agree(seed, records, inputs, hidden, units, loss, optimizer, dtype):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(records, inputs)), LOSSES[loss][2](records, units, rng)
    assert_parity(builder(inputs, hidden, units, loss, optimizer), x, y, dtype, steps=5, seed=seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_agrees_over_a_hundred_steps(loss, dtype):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 3)), LOSSES[loss][2](7, 3, rng)
    assert_parity(builder(3, [(4, "tanh", True)], 3, loss, "adam"), x, y, dtype, steps=100)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["bce", "cce", "sparse"])
def test_losses_of_probabilities_that_come_without_their_sums_agree(loss, dtype):
    def build(K):
        shares = K.layers.Dense(3, activation="sigmoid", name="output")
        model = K.Sequential([K.Input(shape=(4,)), shares, K.layers.Reshape((3,), name="apart")])
        model.compile(optimizer=K.optimizers.SGD(0.1), loss=LOSSES[loss][0](K))
        return model

    rng = np.random.default_rng(3)
    assert_parity(build, rng.normal(size=(6, 4)), LOSSES[loss][2](6, 3, rng), dtype, steps=5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_agrees_over_a_hundred_steps(optimizer):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    assert_parity(builder(3, [(4, "sigmoid", True)], 2, "mse", optimizer), x, y, "float64", steps=100)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_graph_with_shared_layers_two_inputs_and_two_outputs_agrees(dtype):
    def build(K):
        left, right = K.Input((4,), name="left"), K.Input((4,), name="right")
        shared = K.layers.Dense(3, activation="tanh", name="shared")
        a, b = shared(left), shared(right)
        joined = K.layers.Concatenate(name="joined")([a, b, K.layers.Add(name="sum")([a, b])])
        grid = K.layers.Reshape((3, 3), name="grid")(joined)
        wide = K.layers.Dense(2, activation="relu", name="wide")(grid)
        kind = K.layers.Dense(2, activation="softmax", name="kind")(K.layers.Flatten(name="flat")(wide))
        size = K.layers.Activation("sigmoid", name="size")(K.layers.Dense(1, name="score")(b))
        model = K.Model([left, right], [kind, size])
        model.compile(
            optimizer=K.optimizers.Adam(0.01),
            loss=["sparse_categorical_crossentropy", "binary_crossentropy"],
            loss_weights=[1.0, 0.3],
        )
        return model

    rng = np.random.default_rng(3)
    x, y = [rng.normal(size=(5, 4)), rng.normal(size=(5, 4))], [rng.integers(0, 2, 5), rng.integers(0, 2, (5, 1)) * 1.0]
    assert_parity(build, x, y, dtype, steps=20)


def test_a_model_inside_a_model_used_twice_agrees():
    def build(K):
        inner = K.Sequential([K.Input((3,)), K.layers.Dense(3, activation="tanh", name="inside")], name="inner")
        start = K.Input((3,), name="start")
        outer = K.Model(start, K.layers.Dense(1, name="end")(inner(inner(start))))
        outer.compile(optimizer=K.optimizers.SGD(0.1), loss="mse")
        return outer

    rng = np.random.default_rng(4)
    assert_parity(build, rng.normal(size=(4, 3)), rng.normal(size=(4, 1)), "float64", steps=10)


def test_a_frozen_layer_stays_and_agrees():
    def build(K):
        frozen = K.layers.Dense(4, activation="tanh", name="frozen")
        frozen.trainable = False
        model = K.Sequential([K.Input((3,)), frozen, K.layers.Dense(1, name="free")])
        model.compile(optimizer=K.optimizers.SGD(0.1), loss="mse")
        return model

    rng = np.random.default_rng(5)
    assert_parity(build, rng.normal(size=(4, 3)), rng.normal(size=(4, 1)), "float64", steps=10)
