"""Bad input gives a sentence that names the argument, what came and what was expected; nothing is changed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import nn

X, Y = np.ones((5, 3)), np.ones((5, 1))


def compiled(loss="mse", units=1):
    """Return a compiled model of 3 inputs."""
    model = nn.Sequential([nn.Input((3,), name="birds"), nn.layers.Dense(units, name="out")], name="small")
    model.compile("sgd", loss)
    return model


def nan():
    """Return records with one NaN."""
    return np.where(np.arange(15).reshape(5, 3) == 7, np.nan, 1.0)


MISTAKES = {
    "labels without their axis": (lambda m: m.fit(X, Y[:, 0]), r"\(5, 1\), got \(5,\)\. .*y\[:, None\]"),
    "too few labels": (lambda m: m.fit(X, Y[:4]), r"5 labels, one for each record.*\(4, 1\)"),
    "too many features": (lambda m: m.predict(np.ones((2, 4))), r"'birds'.*\(batch, 3\), got \(2, 4\)"),
    "one record without batch": (lambda m: m.predict(np.ones(3)), r"'birds'.*\(batch, 3\), got \(3,\)"),
    "words": (lambda m: m.predict([["a", "b", "c"]]), r"'birds' must be numbers of shape \(batch, 3\)"),
    "no records": (lambda m: m.fit(np.ones((0, 3)), np.ones((0, 1))), "at least one"),
    "NaN": (lambda m: m.fit(nan(), Y), "finite numbers; 1 of its values"),
    "batch_size 0": (lambda m: m.fit(X, Y, batch_size=0), "batch_size must be a whole number above 0, got 0"),
    "epochs 1.5": (lambda m: m.fit(X, Y, epochs=1.5), "epochs must be a whole number above 0, got 1.5"),
    "weights of other shapes": (lambda m: m.set_weights([np.ones((3, 2)), np.ones(2)]), r"\[\(3, 1\), \(1,\)\], got"),
    "one weight array missing": (lambda m: m.set_weights([np.ones((3, 1))]), r"got \[\(3, 1\)\]"),
    "assign": (lambda m: m.get_layer("out").kernel.assign(np.ones(3)), r"out/kernel: value must have shape \(3, 1\)"),
    "unknown layer": (lambda m: m.get_layer("in"), r"no layer called 'in'.*\['out'\]"),
    "unknown optimizer": (lambda m: m.compile("adamm", "mse"), "must be one of adagrad, adam.*got 'adamm'"),
    "unknown loss": (lambda m: m.compile("sgd", "mean"), "must be one of .*got 'mean'"),
    "unknown metric": (lambda m: m.compile("sgd", "mse", metrics=["precise"]), "must be one of .*got 'precise'"),
    "negative learning rate": (lambda m: nn.optimizers.SGD(-0.1), "learning_rate must be .* got -0.1"),
    "momentum": (lambda m: nn.optimizers.SGD(0.1, momentum=2), "momentum must be .* got 2"),
    "reduction": (lambda m: nn.losses.Huber(reduction="all"), "reduction must be one of .* got 'all'"),
    "floatx": (lambda m: nn.config.set_floatx("float16"), "'float32' or 'float64', got 'float16'"),
    "training without a number": (
        lambda m: (m.compile("sgd", nn.losses.MeanSquaredError(reduction="none")), m.train_on_batch(X, Y)),
        "training needs one number",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_a_sentence_and_changes_nothing(mistake):
    model = compiled()
    before = model.get_weights()
    call, sentence = MISTAKES[mistake]
    with pytest.raises(ValueError, match=sentence):
        call(model)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    "classes", [np.array([0, 1, 2, 3, 0]), np.array([0, 1, -1, 0, 0]), np.array([0, 0.5, 1, 2, 0])]
)
def test_class_numbers_must_exist(classes):
    with pytest.raises(ValueError, match="whole numbers from 0 to 2, got values from"):
        compiled("sparse_categorical_crossentropy", 3).fit(X, classes)


def test_not_compiled():
    with pytest.raises(ValueError, match="call compile"):
        nn.Sequential([nn.Input((3,)), nn.layers.Dense(1)]).fit(X, Y)


def test_step_cannot_learn():
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, "step")])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(np.unique(model.predict(X)), model.predict(X)[0])
    with pytest.raises(ValueError, match="step has no gradient"):
        model.train_on_batch(X, Y)


GRAPHS = {
    "forgotten input": (
        lambda a, b: nn.Model(a, nn.layers.Add()([a, b])),
        "needs b, which is not among the inputs",
    ),
    "one name twice": (
        lambda a, b: nn.Model(a, nn.layers.Dense(1, name="d")(nn.layers.Dense(1, name="d")(a))),
        "used twice: d",
    ),
    "add of one": (lambda a, b: nn.layers.Add(name="s")([a]), "Add 's': inputs must be a list of two or more"),
    "add of two shapes": (lambda a, b: nn.layers.Add()([a, nn.Input((4,))]), r"of one shape, got .*4"),
    "concatenate": (
        lambda a, b: nn.layers.Concatenate()([nn.Input((2, 3)), nn.Input((4, 3))]),
        r"may differ in axis -1 only, got \[\(None, 2, 3\), \(None, 4, 3\)\]",
    ),
    "concatenate of records": (lambda a, b: nn.layers.Concatenate(axis=0), "not 0"),
    "reshape": (lambda a, b: nn.layers.Reshape((2, 2))(a), r"target_shape \(2, 2\) must hold the 3 numbers"),
    "no layer": (lambda a, b: nn.Sequential([a, "relu"]), "got 'relu'"),
    "input": (lambda a, b: nn.Input(3), "must be a tuple of whole numbers above 0"),
    "units": (lambda a, b: nn.layers.Dense(0), "units must be a whole number above 0, got 0"),
    "activation": (lambda a, b: nn.layers.Dense(1, "ReLU6"), "must be one of elu, .*got 'ReLU6'"),
    "activation without slope": (lambda a, b: nn.layers.Dense(1, np.exp), "exp has no .backward"),
    "initializer": (lambda a, b: nn.layers.Dense(1, kernel_initializer="big"), "got 'big'"),
    "rate": (lambda a, b: nn.layers.Dropout(1), "rate must be a number from 0 up to, but not including, 1, got 1"),
}


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_that_cannot_be_is_refused(graph):
    build, sentence = GRAPHS[graph]
    with pytest.raises(ValueError, match=sentence):
        build(nn.Input((3,), name="a"), nn.Input((3,), name="b"))


def test_an_unsupported_argument_is_never_ignored():
    with pytest.raises(TypeError, match="kernel_regularizer"):
        nn.layers.Dense(1, kernel_regularizer="l2")


@given(shape=st.lists(st.integers(1, 4), max_size=4).map(tuple))
def test_dense_takes_its_features_and_nothing_else(shape):
    layer = nn.layers.Dense(2, name="d")
    layer.build_once((None, 3))
    before = layer.get_weights()
    if len(shape) >= 2 and shape[-1] == 3:
        assert layer(np.ones(shape)).shape == (*shape[:-1], 2)
    else:
        with pytest.raises(ValueError, match="Dense 'd': inputs must have shape"):
            layer(np.ones(shape))
    np.testing.assert_array_equal(before[0], layer.get_weights()[0])
