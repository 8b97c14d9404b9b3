"""Layers that merge, and the small ones beside them, hold the numbers of Keras."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn
from course_utils.bridge import number_type
from tests.parity import assert_parity

S = (3, 4)
# name: (layer, shapes of a record of each input)
LAYERS = {
    "add": (lambda L: L.Add(), [S, S, S]),
    "average": (lambda L: L.Average(), [S, S, S]),
    "subtract": (lambda L: L.Subtract(), [S, S]),
    "multiply": (lambda L: L.Multiply(), [S, S]),
    "multiply three": (lambda L: L.Multiply(), [S, S, S]),
    "maximum": (lambda L: L.Maximum(), [S, S, S]),
    "add, repeated": (lambda L: L.Add(), [S, (1, 4)]),
    "subtract, repeated": (lambda L: L.Subtract(), [(1, 4), S]),
    "gate": (lambda L: L.Multiply(), [S, (3, 1)]),
    "maximum, repeated": (lambda L: L.Maximum(), [(3, 1), (1, 4)]),
    "dot": (lambda L: L.Dot(axes=2), [(3, 4), (2, 4)]),
    "dot of rows": (lambda L: L.Dot(axes=1), [(5,), (5,)]),
    "dot, two axes": (lambda L: L.Dot(axes=(2, 1)), [(3, 4), (4, 2)]),
    "dot of row and sequence": (lambda L: L.Dot(axes=(1, 2)), [(4,), (3, 4)]),
    "dot of sequence and row": (lambda L: L.Dot(axes=(2, 1)), [(3, 4), (4,)]),
    "dot of many axes": (lambda L: L.Dot(axes=(2, 3)), [(2, 4, 3), (5, 2, 4)]),
    "cosine": (lambda L: L.Dot(axes=-1, normalize=True), [(3, 4), (2, 4)]),
    "cosine of rows": (lambda L: L.Dot(axes=1, normalize=True), [(4,), (4,)]),
}
SMALL = {
    "permute": lambda L: L.Permute((2, 1)),
    "softmax": lambda L: L.Softmax(),
    "softmax, other axis": lambda L: L.Softmax(axis=1),
    "softmax, two axes": lambda L: L.Softmax(axis=(1, 2)),
    "spatial dropout": lambda L: L.SpatialDropout1D(0.0),
}
MASKS = [[[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 1]], [[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]]]


def compiled(K, inputs, output):
    """Return a compiled model of either engine."""
    model = K.Model(inputs if len(inputs) > 1 else inputs[0], output)
    model.compile(optimizer=K.optimizers.Adam(0.01), loss="mse")
    return model


def merging(make, shapes, masks=()):
    """Return a function of an engine that merges Dense layers of several inputs, some of them masked."""

    def build(K):
        L = K.layers
        inputs = [K.Input(shape, name=f"input{i}") for i, shape in enumerate(shapes)]
        starts = [
            L.Masking(-1.0, name=f"masking{i}")(x) if i < len(masks) and masks[i] is not None else x
            for i, x in enumerate(inputs)
        ]
        wide = [L.Dense(shape[-1], name=f"dense{i}")(x) for i, (x, shape) in enumerate(zip(starts, shapes))]
        return compiled(K, inputs, L.Dense(2, name="end")(make(L)(wide)))

    return build


def small(make, shape=S):
    """Return a function of an engine that puts a layer between two Dense ones."""

    def build(K):
        x = K.Input(shape)
        return compiled(K, [x], K.layers.Dense(2, name="end")(make(K.layers)(K.layers.Dense(4, name="start")(x))))

    return build


def agree(build, x, dtype="float64", **options):
    """Hold both engines against each other on random labels."""
    y = np.random.default_rng(1).normal(size=build(nn).predict(x).shape)
    assert_parity(build, x, y, dtype, **options)


def records(shapes, count=4, seed=0, masks=()):
    """Return random inputs; where a mask is 0, every feature is −1."""
    rng = np.random.default_rng(seed)
    inputs = [rng.normal(size=(count, *shape)) for shape in shapes]
    for x, mask in zip(inputs, masks):
        if mask is not None:
            x[~np.array(mask, bool)] = -1
    return inputs


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_merge_agrees(name, dtype):
    make, shapes = LAYERS[name]
    agree(merging(make, shapes), records(shapes), dtype)


@pytest.mark.parametrize("masks", [MASKS, [MASKS[0], None], [None, MASKS[1]]], ids=["both", "first", "second"])
@pytest.mark.parametrize("name", ["Add", "Average", "Subtract", "Multiply", "Maximum"])
def test_padding_is_merged_as_keras_does(name, masks):
    build = merging(lambda L: getattr(L, name)(), [S, S], masks)
    agree(build, records([S, S], masks=masks))


@pytest.mark.parametrize("name", ["Multiply", "Maximum"])
def test_padding_of_three_is_merged_as_keras_does(name):
    masks = [*MASKS, [[0, 0, 0], [1, 0, 1], [0, 0, 0], [1, 1, 1]]]
    agree(merging(lambda L: getattr(L, name)(), [S, S, S], masks), records([S, S, S], masks=masks))


def test_the_first_of_equals_gets_the_gradient_of_a_maximum():
    def build(K):
        x = K.Input(S)
        first, second = (K.layers.Activation("relu", name=name)(x) for name in ("first", "second"))
        doubled = K.layers.Dense(4, name="d")(second)
        return compiled(K, [x], K.layers.Dense(1, name="end")(K.layers.Maximum()([first, second, doubled])))

    agree(build, records([S])[0])


@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**16),
    name=st.sampled_from(["Add", "Average", "Multiply", "Maximum"]),
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    count=st.integers(2, 3),
    batch=st.integers(1, 3),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_random_merges_agree(seed, name, shape, count, batch, dtype):
    build = merging(lambda L: getattr(L, name)(), [shape] * count)
    agree(build, records([shape] * count, batch, seed), dtype, seed=seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SMALL)
def test_the_small_layers_agree(name, dtype):
    agree(small(SMALL[name]), records([S])[0], dtype)


def test_permute_of_three_axes_agrees():
    agree(small(lambda L: L.Permute((3, 1, 2)), (2, 3, 5)), records([(2, 3, 5)])[0])


def test_a_mask_passes_through_softmax_and_spatial_dropout():
    def build(K):
        layers = [K.layers.Masking(-1.0), K.layers.SpatialDropout1D(0.0), K.layers.LSTM(3, name="lstm")]
        return compiled(K, [x := K.Input(S)], layers[2](layers[1](layers[0](x))))

    agree(build, records([S], masks=MASKS[:1])[0])


def test_softmax_with_a_mask_agrees():
    def build(K):
        scores, mask = K.Input((3, 4), name="scores"), K.Input((3, 4), dtype="bool", name="mask")
        shares = K.layers.Softmax(name="softmax")(K.layers.Dense(4, name="start")(scores), mask=mask)
        turned = K.layers.Permute((2, 1))(shares)  # knows no masks: the loss shall not see one of this shape
        return compiled(K, [scores, mask], K.layers.Dense(1, name="end")(turned))

    mask = np.random.default_rng(0).random((5, 3, 4)) < 0.5
    mask[0] = False
    rng = np.random.default_rng(0)
    for dtype in ("float32", "float64"):
        x = [rng.normal(size=(5, 3, 4)), mask]
        assert_parity(build, x, rng.normal(size=(5, 4, 1)), dtype, input_gradients=False)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_softmax_meets_its_loss_as_in_keras(loss):
    def build(K):
        model = K.Sequential([K.Input((3,)), K.layers.Dense(4, name="d"), K.layers.Softmax(name="s")])
        model.compile(optimizer=K.optimizers.SGD(0.5), loss=loss)
        return model

    classes = np.random.default_rng(0).integers(0, 4, 6)
    y = classes if "sparse" in loss else np.eye(4)[classes]
    for scale in (1, 60):  # saturated too, where probabilities would be cut
        assert_parity(build, scale * records([(3,)], 6)[0], y, "float64")


def test_spatial_dropout_drops_whole_features():
    layer = nn.layers.SpatialDropout1D(0.5, seed=0)
    out = layer(np.ones((8, 5, 20), "float32"), training=True)
    assert set(np.unique(out)) == {0.0, 2.0}
    assert (out == out[:, :1]).all()
    np.testing.assert_array_equal(layer.backward(np.ones_like(out)), out)
    np.testing.assert_array_equal(layer(out), out)


CASES = {name: (merging(*LAYERS[name]), LAYERS[name][1]) for name in LAYERS} | {
    name: (small(SMALL[name]), [S]) for name in SMALL
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_slopes(name):
    build, shapes = CASES[name]
    with number_type("float64"):
        model, x = build(nn), records(shapes)
        x = x if len(x) > 1 else x[0]
        check = nn.gradcheck(model, x, np.random.default_rng(1).normal(size=model.predict(x).shape))
        assert check.ok, f"\n{check}"


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name):
    build, shapes = CASES[name]
    model, x = build(nn), [a.astype("float32") for a in records(shapes)]
    out = model(x if len(x) > 1 else x[0], training=True)
    grads = nn.utils.flatten([model.backward(out)])
    assert {array.dtype for array in [out, *grads, *model.grads.values()]} == {np.dtype("float32")}


a, b = np.ones((2, 3, 4)), np.ones((2, 3, 5))
ERRORS = {
    "one": (lambda L: L.Multiply(name="m")([a]), "Multiply 'm': inputs must be a list of two or more tensors"),
    "not a list": (lambda L: L.Average(name="m")(a), r"Average 'm': .* got \(2, 3, 4\)"),
    "sizes": (lambda L: L.Maximum(name="m")([a, b]), r"of one shape, got \[\(2, 3, 4\), \(2, 3, 5\)\]"),
    "ranks": (lambda L: L.Add(name="m")([a, b[0]]), r"of one shape, got \[\(2, 3, 4\), \(3, 5\)\]"),
    "subtract three": (lambda L: L.Subtract(name="m")([a, a, a]), "Subtract 'm': inputs must be a list of two tensors"),
    "dot sizes": (lambda L: L.Dot(2, name="d")([a, b]), r"Dot 'd': inputs must have one size along the axes \[2, 2\]"),
    "dot of one": (lambda L: L.Dot(2)([a]), "inputs must be a list of two tensors"),
    "dot of records": (lambda L: L.Dot(0), r"axes must be one or two whole numbers, not 0 \(the batch\); got 0"),
    "dot axis": (lambda L: L.Dot(3)([a, a]), r"that have the axes \[3, 3\], got"),
    "permute": (lambda L: L.Permute((1, 3)), r"dims must hold 1 … n, each once, in some order; got \(1, 3\)"),
    "permute rank": (lambda L: L.Permute((2, 1), name="p")(a[0]), r"Permute 'p': inputs must have 2 axes after the b"),
    "softmax axis": (
        lambda L: L.Softmax(3, name="s")(a),
        r"Softmax 's': axis must be among the axes of inputs .* got 3",
    ),
    "softmax mask": (lambda L: L.Softmax()(a, mask=np.ones((2, 3))), r"mask must have .* \(2, 3, 4\).*got \(2, 3\)"),
    "spatial": (lambda L: L.SpatialDropout1D(0.2)(a[0]), r"must have shape \(batch, time, features\), got \(3, 4\)"),
    "rate": (lambda L: L.SpatialDropout1D(1.0), "rate must be a number from 0 up to"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_mistake_is_named(case):
    make, message = ERRORS[case]
    with pytest.raises(ValueError, match=message):
        make(nn.layers)


def test_sizes_that_the_model_left_open_are_checked_when_it_runs():
    left, right = nn.Input((None, 4)), nn.Input((None, 4))
    model = nn.Model([left, right], nn.layers.Multiply(name="m")([left, right]))
    with pytest.raises(ValueError, match=r"Multiply 'm': .*got \[\(2, 3, 4\), \(2, 2, 4\)\]"):
        model([a, a[:, :2]])


@given(shapes=st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), min_size=1, max_size=3))
def test_merges_broadcast_or_get_a_sentence(shapes):
    arrays = [np.ones(shape) for shape in shapes]
    try:
        expected = np.broadcast_shapes(*shapes) if len(shapes) > 1 and len(set(map(len, shapes))) == 1 else None
    except ValueError:
        expected = None
    if expected is None:
        with pytest.raises(ValueError, match="Multiply 'm': inputs must be a list of two or more tensors of one shape"):
            nn.layers.Multiply(name="m")(arrays)
    else:
        assert nn.layers.Multiply(name="m")(arrays).shape == expected
