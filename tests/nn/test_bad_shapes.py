"""Whatever shape a layer gets, it computes what it promised or says what it wants; nothing is changed by a mistake."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn, startup
from tests.nn import layer_table


def model_around(name):
    """Return a compiled model around a layer of the table, the layer, records and labels.

    Args:
        name: of the layer.
    """
    rng = np.random.default_rng(0)
    model = layer_table.builder(name)(nn)
    layer = next(layer for layer in model.layers if layer.name != "end")
    x = layer_table.records(name, "float32", rng)
    return model, layer, x, rng.normal(size=model.predict(x).shape)


def state(layer):
    """Return what a failed call must not change.

    Args:
        layer: a Layer.
    """
    inner = [state(one) for one in layer.sublayers]
    return [id(layer.saved), layer.built, [variable.numpy().tolist() for variable in layer.variables], inner]


def arrays_of(shapes, name, rng):
    """Return numbers of any shapes: a list for a layer of several inputs.

    Args:
        shapes: list of tuples.
        name: of the layer.
        rng: a `numpy.random.Generator`.
    """
    if name in layer_table.WHOLE_NUMBERS:
        return rng.integers(0, 11, shapes[0])
    arrays = [rng.random(shape).astype("float32") for shape in shapes]
    return arrays if len(layer_table.CASES[name][0]) > 1 else arrays[0]


def call_as_described(layer, name, x):
    """Call a layer as the model of the table does: MultiHeadAttention takes its inputs one by one.

    Args:
        layer: the layer.
        name: its name in the table.
        x: array or list of arrays.
    """
    return layer(*x) if name == "MultiHeadAttention" else layer(x)


ANY = st.lists(st.integers(1, 7), min_size=1, max_size=5).map(tuple)


def near(name):
    """Return a strategy for shapes: any, or right but for some axes.

    Args:
        name: of the layer.
    """
    right = [(4, *shape) for shape in layer_table.CASES[name][0]]
    return st.tuples(*(ANY | st.tuples(*(st.just(n) | st.integers(1, 7) for n in shape)) for shape in right))


@pytest.mark.parametrize("name", layer_table.CASES)
@settings(max_examples=40)
@given(data=st.data())
def test_any_shape_is_computed_or_refused_with_a_sentence(name, data):
    shapes = data.draw(near(name))
    _, layer, _, _ = model_around(name)
    x, before = arrays_of(shapes, name, np.random.default_rng(1)), state(layer)
    try:
        output = call_as_described(layer, name, x)
    except ValueError as error:
        sentence = str(error)
        speakers = [layer, *layer.sublayers]  # a layer inside speaks for itself
        assert sentence.startswith(tuple(f"{type(one).__name__} '{one.name}': " for one in speakers)), sentence
        came = [*shapes, *((None, *shape[2:]) for shape in shapes)]  # TimeDistributed hands on single steps
        assert any(str(shape) in sentence for shape in came), sentence
        assert state(layer) == before
    else:
        given = [np.shape(one) for one in x] if isinstance(x, list) else np.shape(x)
        given = given if name == "MultiHeadAttention" else [given]
        assert output.shape == tuple(layer.compute_output_shape(*given))


@pytest.mark.parametrize("name", layer_table.CASES)
def test_fit_refuses_numbers_that_are_none_and_changes_nothing(name):
    model, layer, x, y = model_around(name)
    arrays = [np.array(one, "float32") for one in nn.utils.flatten([x])]
    arrays[-1].flat[-1] = np.nan
    before, iterations = [weights.tolist() for weights in model.get_weights()], model.optimizer.iterations
    with pytest.raises(ValueError, match="NaN"), warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(arrays if isinstance(x, list) else arrays[0], y, verbose=0)
    assert [weights.tolist() for weights in model.get_weights()] == before
    assert model.optimizer.iterations == iterations


# ---- sizes that a model has left open


def stack(*layers):
    """Return a function of inputs that uses one layer after the other."""

    def connect(tensor):
        for layer in layers:
            tensor = layer(tensor)
        return tensor

    return connect


OPEN = {
    "kernel": ([(None, None, 2)], lambda L: stack(L.Conv2D(2, 3)), [(4, 2, 5, 2)], r"Conv2D .*kernel_size \(3, 3\)"),
    "pool": ([(None, None, 2)], lambda L: stack(L.MaxPooling2D(3)), [(4, 2, 5, 2)], r"Pooling2D .*pool_size \(3, 3\)"),
    "second kernel": (
        [(None, 2)],
        lambda L: stack(L.Conv1D(2, 3), L.Conv1D(2, 3)),
        [(4, 4, 2)],
        r"kernel_size.*4, 2, 2",
    ),
    "inside a step": (
        [(None, None, 2)],
        lambda L: stack(L.TimeDistributed(L.Conv1D(2, 3))),
        [(4, 5, 2, 2)],
        "Conv1D .*kernel_size",
    ),
    "inside a model": (
        [(None, 2)],
        lambda L: stack(nn.Sequential([nn.Input((None, 2)), L.Conv1D(2, 3)])),
        [(4, 2, 2)],
        "Conv1D .*kernel_size",
    ),
    "no steps": ([(None, 2)], lambda L: stack(L.LSTM(3)), [(4, 0, 2)], r"LSTM .*at least one step; got \(4, 0, 2\)"),
    "nothing to pool": ([(None, 2)], lambda L: stack(L.GlobalMaxPooling1D()), [(4, 0, 2)], r"Pool.*got \(4, 0, 2\)"),
    "places": ([(None, 2)], lambda L: stack(L.PositionEmbedding(3)), [(4, 5, 2)], "at most 3 steps .sequence_length"),
    "side by side": ([(None, 2)] * 2, lambda L: L.Concatenate(), [(4, 3, 2), (4, 5, 2)], "Concatenate .*axis -1 only"),
    "sum": ([(None, 2)] * 2, lambda L: L.Add(), [(4, 3, 2), (4, 5, 2)], "Add .*of one shape"),
    "dot": ([(None, 2)] * 2, lambda L: L.Dot(1), [(4, 3, 2), (4, 5, 2)], "Dot .*one size along the axes"),
}


@pytest.mark.parametrize("case", OPEN)
def test_sizes_left_open_are_checked_before_any_layer_runs(case):
    shapes, connect, came, sentence = OPEN[case]
    inputs = [nn.Input(shape) for shape in shapes]
    first = [nn.layers.BatchNormalization()(tensor) for tensor in inputs]  # would move with every batch
    several = len(inputs) > 1
    model = nn.Model(inputs if several else inputs[0], connect(nn.layers)(first if several else first[0]))
    model.compile("sgd", "mse")
    before = [weights.tolist() for weights in model.get_weights()]
    x = [np.ones(shape) for shape in came]
    for use in (lambda x: model.fit(x, np.ones(4), verbose=0), model.predict, lambda x: model(x, training=True)):
        with pytest.raises(ValueError, match=sentence):
            use(x if several else x[0])
    assert [weights.tolist() for weights in model.get_weights()] == before


@pytest.mark.parametrize("where", ["labels", "validation records", "validation labels"])
def test_fit_refuses_what_is_no_number_in_labels_and_validation_too(where):
    x, y, bad = np.ones((4, 3)), np.ones((4, 1)), np.full((4, 3), np.nan)
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    data = {"labels": (x, bad[:, :1], None), "validation records": (x, y, (bad, y))}
    x, y, validation = data.get(where, (x, y, (x, bad[:, :1])))
    with pytest.raises(ValueError, match=r"fit: [xy] must hold finite numbers; .* NaN or infinite, in shape \(4, "):
        model.fit(x, y, verbose=0, validation_data=validation)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_what_fit_cannot_use_is_named():
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, name="out")])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 3)), np.ones((4, 1))
    with pytest.raises(ValueError, match=r"validation_data must be a pair \(x, y\), got ndarray"):
        model.fit(x, y, verbose=0, validation_data=x)
    with pytest.raises(ValueError, match=r"labels for the outputs \['out'\], got \['in'\]"):
        model.fit(x, {"in": y}, verbose=0)


@pytest.mark.parametrize("symbolic", [True, False])
def test_a_call_takes_training_everywhere_as_in_keras_and_nothing_unknown(symbolic):
    for K in (nn, startup.load_keras()):
        x = K.Input((2,)) if symbolic else np.ones((1, 2), "float32")
        assert K.layers.Dense(1)(x, training=True).shape[-1] == 1
        with pytest.raises(TypeError, match="argument 'shape'"):
            K.layers.Dense(1)(x, shape=3)
