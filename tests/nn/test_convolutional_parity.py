"""Convolutions, poolings and their company, trained in both engines, hold the same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn
from course_utils.bridge import number_type
from tests.parity import assert_parity, twins

# name: (layer of an engine, shape of one record); odd sizes, strides that do not divide, length 1.
LAYERS = {
    "Conv1D": (lambda K: K.layers.Conv1D(3, 2, activation="tanh", name="c"), (5, 2)),
    "Conv1D of one step": (lambda K: K.layers.Conv1D(3, 3, padding="same", name="c"), (1, 2)),
    "Conv1D causal": (lambda K: K.layers.Conv1D(2, 3, strides=2, padding="causal", name="c"), (6, 3)),
    "Conv1D causal, dilated": (lambda K: K.layers.Conv1D(2, 3, padding="causal", dilation_rate=2, name="c"), (4, 1)),
    "Conv1D same, strides": (lambda K: K.layers.Conv1D(2, 3, strides=3, padding="same", name="c"), (7, 2)),
    "Conv2D": (lambda K: K.layers.Conv2D(3, 3, activation="relu", name="c"), (5, 6, 2)),
    "Conv2D of one pixel": (lambda K: K.layers.Conv2D(2, 1, use_bias=False, name="c"), (1, 1, 1)),
    "Conv2D without bias": (lambda K: K.layers.Conv2D(2, (2, 3), strides=(2, 1), use_bias=False, name="c"), (6, 5, 3)),
    "Conv2D same": (lambda K: K.layers.Conv2D(2, (4, 3), strides=2, padding="same", name="c"), (7, 6, 2)),
    "Conv2D dilated": (lambda K: K.layers.Conv2D(2, 2, dilation_rate=(2, 3), name="c"), (5, 7, 2)),
    "Conv2D same, dilated": (lambda K: K.layers.Conv2D(2, 3, dilation_rate=2, padding="same", name="c"), (3, 4, 1)),
    "Conv2D larger than its image": (lambda K: K.layers.Conv2D(2, 5, strides=2, padding="SAME", name="c"), (2, 3, 2)),
    "Conv2D with gaps": (lambda K: K.layers.Conv2D(2, 1, strides=3, padding="same", name="c"), (5, 7, 2)),
    "Conv2DTranspose": (lambda K: K.layers.Conv2DTranspose(2, 3, activation="tanh", name="c"), (3, 2, 3)),
    "Conv2DTranspose doubles": (
        lambda K: K.layers.Conv2DTranspose(3, 3, strides=2, padding="same", name="c"),
        (3, 4, 2),
    ),
    "Conv2DTranspose with gaps": (lambda K: K.layers.Conv2DTranspose(2, 2, strides=3, name="c"), (2, 3, 2)),
    "Conv2DTranspose, gaps, same": (
        lambda K: K.layers.Conv2DTranspose(2, (1, 2), strides=3, padding="same", use_bias=False, name="c"),
        (2, 3, 1),
    ),
    "Conv2DTranspose, mixed strides": (
        lambda K: K.layers.Conv2DTranspose(2, (3, 2), strides=(1, 2), padding="same", name="c"),
        (1, 4, 2),
    ),
    "Conv2DTranspose, output_padding": (
        lambda K: K.layers.Conv2DTranspose(2, 3, strides=3, output_padding=(2, 0), name="c"),
        (2, 2, 1),
    ),
    "Conv2DTranspose, output_padding, same": (
        lambda K: K.layers.Conv2DTranspose(2, (3, 4), strides=2, padding="same", output_padding=(0, 1), name="c"),
        (3, 2, 2),
    ),
    "DepthwiseConv2D": (lambda K: K.layers.DepthwiseConv2D(3, activation="elu", name="c"), (5, 4, 3)),
    "DepthwiseConv2D, two for one": (
        lambda K: K.layers.DepthwiseConv2D((2, 3), strides=2, padding="same", depth_multiplier=2, name="c"),
        (5, 6, 2),
    ),
    "DepthwiseConv2D, dilated": (
        lambda K: K.layers.DepthwiseConv2D(2, dilation_rate=(2, 1), use_bias=False, name="c"),
        (4, 5, 2),
    ),
    "DepthwiseConv2D, dilated with strides": (
        lambda K: K.layers.DepthwiseConv2D(3, strides=2, dilation_rate=2, padding="same", name="c"),
        (5, 6, 2),
    ),
    "MaxPooling1D": (lambda K: K.layers.MaxPooling1D(name="p"), (5, 2)),
    "MaxPooling1D of one step": (lambda K: K.layers.MaxPooling1D(3, strides=1, padding="same", name="p"), (1, 2)),
    "MaxPooling2D": (lambda K: K.layers.MaxPooling2D(name="p"), (5, 4, 2)),
    "MaxPooling2D overlapping": (
        lambda K: K.layers.MaxPooling2D(3, strides=(2, 1), padding="same", name="p"),
        (6, 5, 2),
    ),
    "MaxPooling2D with gaps": (lambda K: K.layers.MaxPooling2D((1, 2), strides=3, name="p"), (7, 6, 2)),
    "AveragePooling1D": (lambda K: K.layers.AveragePooling1D(2, strides=1, padding="same", name="p"), (4, 2)),
    "AveragePooling2D": (lambda K: K.layers.AveragePooling2D(2, name="p"), (5, 4, 2)),
    "AveragePooling2D same": (
        lambda K: K.layers.AveragePooling2D((3, 4), strides=2, padding="same", name="p"),
        (6, 5, 2),
    ),
    "GlobalAveragePooling1D": (lambda K: K.layers.GlobalAveragePooling1D(keepdims=True, name="p"), (3, 2)),
    "GlobalAveragePooling2D": (lambda K: K.layers.GlobalAveragePooling2D(name="p"), (3, 4, 2)),
    "GlobalMaxPooling1D": (lambda K: K.layers.GlobalMaxPooling1D(name="p"), (4, 2)),
    "GlobalMaxPooling2D": (lambda K: K.layers.GlobalMaxPooling2D(keepdims=True, name="p"), (3, 4, 2)),
    "ZeroPadding2D": (lambda K: K.layers.ZeroPadding2D(((1, 0), (2, 3)), name="p"), (2, 3, 2)),
    "ZeroPadding2D by two": (lambda K: K.layers.ZeroPadding2D((0, 2), name="p"), (2, 3, 2)),
    "UpSampling2D": (lambda K: K.layers.UpSampling2D((2, 3), name="p"), (3, 2, 2)),
}


def builder(layer, shape, first=True):
    """Return a function of an engine: the layer between a Conv (so that it needs input gradients) and Dense."""

    def build(K):
        conv = K.layers.Conv1D if len(shape) == 2 else K.layers.Conv2D
        before = [conv(shape[-1], 1, name="before")] if first else []
        after = [K.layers.Flatten(name="flat"), K.layers.Dense(2, name="after")]
        model = K.Sequential([K.Input(shape), *before, layer(K), *after])
        model.compile(optimizer=K.optimizers.Adam(0.01), loss="mse")
        return model

    return build


def data(shape, records=3, seed=0):
    """Return records and labels."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(records, *shape)), rng.normal(size=(records, 2))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_agrees(name):
    layer, shape = LAYERS[name]
    assert_parity(builder(layer, shape), *data(shape), "float64", steps=5)


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_stays_in_float32(name):
    layer, shape = LAYERS[name]
    model = builder(layer, shape)(nn)
    x, y = data(shape)
    assert model(x).dtype == np.float32
    gradients = model.gradients(x, y)
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype("float32")}
    model.train_on_batch(x, y)
    assert {weight.dtype for weight in model.get_weights()} == {np.dtype("float32")}
    model(x)
    assert model.backward(np.ones((len(x), 2), np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_a_layer_are_slopes(name):
    layer, shape = LAYERS[name]
    with number_type("float64"):
        model = builder(layer, shape)(nn)
        model.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in model.get_weights()])
        check = nn.gradcheck(model, *data(shape, records=2))
    assert check.ok, f"\n{check}"


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_says_its_shape_and_keeps_keras_attributes(name):
    import keras

    layer, shape = LAYERS[name]
    ours, theirs = layer(nn), layer(keras)
    x = np.ones((2, *shape), np.float32)
    theirs.build(x.shape)
    assert ours(x).shape == tuple(theirs.compute_output_shape(x.shape)) == ours.compute_output_shape(x.shape)
    unknown = (None,) * (len(shape)) + shape[-1:]
    assert tuple(layer(nn)(nn.Input(unknown[1:])).shape) == tuple(theirs.compute_output_shape(unknown))
    kept = ("strides", "kernel_size", "dilation_rate", "pool_size", "size", "filters", "keepdims", "depth_multiplier")
    for attribute in kept:
        if hasattr(ours, attribute):
            assert getattr(ours, attribute) == getattr(theirs, attribute), attribute


def convolutional(K, drawn):
    """Return a random convolution or pooling of an engine."""
    kind, size, strides, padding, dilation, units, bias = drawn
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return getattr(K.layers, kind)(size, strides=strides, padding=padding, name="layer")
    if kind == "Conv2D":
        dilation = dilation if max(strides) == 1 else 1
        return K.layers.Conv2D(
            units, size, strides, padding, dilation_rate=dilation, use_bias=bias, activation="tanh", name="layer"
        )
    if kind == "Conv2DTranspose":
        return K.layers.Conv2DTranspose(units, size, strides, padding, use_bias=bias, activation="relu", name="layer")
    return K.layers.DepthwiseConv2D(
        size, (strides[0],) * 2, padding, depth_multiplier=units, dilation_rate=dilation, use_bias=bias, name="layer"
    )


two = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))  # noqa: E731


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**16),
    records=st.integers(1, 3),
    places=two(1, 7),
    channels=st.integers(1, 3),
    drawn=st.tuples(
        st.sampled_from(["Conv2D", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D"]),
        two(1, 3),
        two(1, 3),
        st.sampled_from(["valid", "same"]),
        two(1, 2),
        st.integers(1, 3),
        st.booleans(),
    ),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_random_layers_agree(seed, records, places, channels, drawn, dtype):
    if drawn[3] == "valid":  # the window must fit
        places = tuple(n + k * 2 for n, k in zip(places, drawn[1]))
    shape = (*places, channels)
    x, y = data(shape, records, seed)
    build = builder(lambda K: convolutional(K, drawn), shape, first=False)
    assert_parity(build, x, y, dtype, steps=5, seed=seed, scale=0.3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_small_lenet_agrees(dtype):
    def build(K):
        model = K.Sequential(
            [
                K.Input((12, 12, 1)),
                K.layers.Conv2D(3, 3, activation="tanh", padding="same", name="c1"),
                K.layers.AveragePooling2D(2, name="p1"),
                K.layers.Conv2D(4, 3, activation="tanh", name="c2"),
                K.layers.MaxPooling2D(2, name="p2"),
                K.layers.Flatten(name="flat"),
                K.layers.Dense(3, activation="softmax", name="out"),
            ]
        )
        model.compile(optimizer=K.optimizers.Adam(0.005), loss="sparse_categorical_crossentropy")
        return model

    rng = np.random.default_rng(5)
    assert_parity(build, rng.normal(size=(6, 12, 12, 1)), rng.integers(0, 3, 6), dtype, steps=20, scale=0.3)


def test_an_encoder_and_decoder_with_a_bridge_between_them_agree():
    """A small U-Net: two ways through the graph, any height and width."""

    def build(K):
        image = K.Input((None, None, 2), name="image")
        wide = K.layers.Conv2D(3, 3, padding="same", activation="tanh", name="wide")(image)
        small = K.layers.MaxPooling2D(2, name="small")(wide)
        small = K.layers.DepthwiseConv2D(3, padding="same", name="depthwise")(small)
        learned = K.layers.Conv2DTranspose(2, 2, strides=2, name="learned")(small)
        repeated = K.layers.UpSampling2D(2, name="repeated")(small)
        joined = K.layers.Concatenate(name="joined")([wide, learned, repeated])
        mask = K.layers.Conv2D(1, 1, activation="sigmoid", name="mask")(joined)
        kind = K.layers.Dense(2, activation="softmax", name="kind")(K.layers.GlobalMaxPooling2D(name="all")(small))
        model = K.Model(image, [mask, kind])
        model.compile(
            optimizer=K.optimizers.Adam(0.01), loss=["binary_crossentropy", "sparse_categorical_crossentropy"]
        )
        return model

    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(3, 6, 8, 2)), [rng.integers(0, 2, (3, 6, 8, 1)) * 1.0, rng.integers(0, 2, 3)]
    assert_parity(build, x, y, "float64", steps=10)


@pytest.mark.parametrize(
    "layer",
    [
        lambda K: K.layers.MaxPooling2D(2, strides=1, name="p"),
        lambda K: K.layers.MaxPooling2D(3, strides=2, padding="same", name="p"),
        lambda K: K.layers.GlobalMaxPooling2D(name="p"),
    ],
)
def test_equal_values_share_the_gradient_as_in_tensorflow(layer):
    rng = np.random.default_rng(7)
    x = rng.integers(0, 2, (4, 5, 5, 2)) * 1.0  # full of ties
    assert_parity(builder(layer, (5, 5, 2), first=False), x, rng.normal(size=(4, 2)), "float64", steps=5)


MASK = np.array([[1, 1, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0]], bool)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("rows", [3, 4])  # the last row has no real step
def test_a_mean_over_real_steps_agrees(rows, keepdims):
    import keras

    x = np.random.default_rng(8).normal(size=(rows, 4, 2)).astype(np.float32)
    ours, theirs = (engine.layers.GlobalAveragePooling1D(keepdims=keepdims) for engine in (nn, keras))
    output = ours(x, mask=MASK[:rows])
    np.testing.assert_allclose(output, theirs(x, mask=MASK[:rows]), rtol=1e-6)
    assert output.dtype == np.float32 and np.isnan(output).any() == (rows == 4)
    slope = ours.backward(np.ones_like(output))
    assert slope.dtype == np.float32 and not slope[~MASK[:rows]].any()
    np.testing.assert_allclose(slope[:3].sum(axis=1), 1, rtol=1e-6)


def test_a_mask_reaches_the_mean():
    def build(K):
        steps = K.Input((4, 3), name="steps")
        hidden = K.layers.Masking(name="masking")(steps)
        mean = K.layers.GlobalAveragePooling1D(name="mean")(hidden)
        model = K.Model(steps, K.layers.Dense(1, name="out")(mean))
        model.compile(optimizer=K.optimizers.SGD(0.1), loss="mse")
        return model

    rng = np.random.default_rng(9)
    x = rng.normal(size=(3, 4, 3)) * MASK[:3, :, None]
    assert_parity(build, x, rng.normal(size=(3, 1)), "float64", steps=5)


@pytest.mark.parametrize("name", [name for name in LAYERS if hasattr(nn.layers, name)])  # one of each kind
def test_an_injected_error_is_caught(name, monkeypatch):
    """A backward pass that is off by a thousandth must not pass as equal."""
    layer, shape = LAYERS[name]
    cls = getattr(nn.layers, name)
    right = cls.backward

    def wrong(self, grad):
        found = right(self, grad)
        return None if found is None else found * np.float32(1.001)

    monkeypatch.setattr(cls, "backward", wrong)
    with pytest.raises(AssertionError, match="gradient of before/kernel"):
        assert_parity(builder(layer, shape), *data(shape), "float32", steps=0)


def test_nothing_below_the_first_convolution_is_differentiated():
    with number_type("float32"):
        ours, _ = twins(builder(*LAYERS["Conv2D"], first=False), np.random.default_rng(0))
    x, y = data(LAYERS["Conv2D"][1])
    ours.train_on_batch(x, y)
    assert not ours.layers[0].needs_input_gradient
