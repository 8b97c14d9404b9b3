"""Whatever shape a layer gets, it computes what it promised or says what it wants; nothing is changed by a mistake."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn
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
