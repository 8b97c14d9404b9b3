"""Bad shapes and arguments of convolutions and poolings get a sentence; nothing is changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import nn

L = nn.layers
IMAGE, SEQUENCE = (2, 5, 6, 3), (2, 5, 3)

# name: (what is made, the sentence)
ARGUMENTS = {
    "filters": (lambda: L.Conv2D(0, 3), "Conv2D: filters must be a whole number above 0, got 0"),
    "filters of Conv1D": (lambda: L.Conv1D(1.5, 3), "Conv1D: filters must be a whole number above 0, got 1.5"),
    "kernel_size": (lambda: L.Conv2D(2, (3, 0)), r"Conv2D: kernel_size must be .* at least 1, or 2 .*got \(3, 0\)"),
    "kernel_size of three": (lambda: L.Conv2D(2, (3, 3, 3)), r"kernel_size must be .* got \(3, 3, 3\)"),
    "kernel_size as word": (
        lambda: L.Conv1D(2, "3"),
        "Conv1D: kernel_size must be .* of at least 1, got '3'",
    ),
    "strides": (lambda: L.Conv2DTranspose(2, 3, strides=True), "Conv2DTranspose: strides must be .* got True"),
    "padding": (lambda: L.Conv2D(2, 3, padding="causal"), "Conv2D: padding must be one of same, valid; got 'causal'"),
    "padding of Conv1D": (lambda: L.Conv1D(2, 3, padding="full"), "one of causal, same, valid; got 'full'"),
    "padding as number": (lambda: L.Conv2D(2, 3, padding=1), "padding must be one of same, valid; got 1"),
    "dilation and strides": (
        lambda: L.Conv2D(2, 3, strides=2, dilation_rate=2, name="c"),
        r"Conv2D 'c': strides and dilation_rate must not both be above 1, got \(2, 2\) and \(2, 2\)",
    ),
    "activation": (lambda: L.Conv2D(2, 3, activation="swishy"), "got 'swishy'"),
    "depth_multiplier": (lambda: L.DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier must be .* got 0"),
    "output_padding": (
        lambda: L.Conv2DTranspose(2, 3, strides=2, output_padding=2),
        r"output_padding \(2, 2\) must be below strides \(2, 2\)",
    ),
    "output_padding of an even kernel": (
        lambda: L.Conv2DTranspose(2, 2, strides=2, padding="same", output_padding=0),
        r"above 0 where kernel_size \(2, 2\) is even",
    ),
    "pool_size": (lambda: L.MaxPooling2D(-1), "MaxPooling2D: pool_size must be .* got -1"),
    "pool strides": (lambda: L.AveragePooling1D(2, strides=0), "AveragePooling1D: strides must be .* got 0"),
    "pool padding": (lambda: L.MaxPooling1D(2, padding="causal"), "MaxPooling1D: padding must be one of same, valid"),
    "zero padding": (lambda: L.ZeroPadding2D((1, -1)), "ZeroPadding2D: padding must be .* at least 0, .*got -1"),
    "zero padding of three": (lambda: L.ZeroPadding2D((1, 1, 1)), r"two pairs, got \(1, 1, 1\)"),
    "up-sampling": (lambda: L.UpSampling2D(0), "UpSampling2D: size must be .* got 0"),
    "interpolation": (lambda: L.UpSampling2D(2, interpolation="bilinear"), "one of nearest; got 'bilinear'"),
    "pool_size of RoIAlign": (lambda: L.RoIAlign(0), "RoIAlign: pool_size must be .* got 0"),
    "sampling_ratio": (lambda: L.RoIAlign(2, sampling_ratio=0), "sampling_ratio must be a whole number above 0, got 0"),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_a_wrong_argument_is_refused(argument):
    make, sentence = ARGUMENTS[argument]
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize("argument", ["data_format", "groups", "kernel_regularizer"])
def test_an_unsupported_argument_is_never_ignored(argument):
    for make in (lambda **k: L.Conv2D(2, 3, **k), lambda **k: L.MaxPooling2D(2, **k)):
        with pytest.raises(TypeError, match=argument):
            make(**{argument: None})


LAYERS = {
    "Conv1D": (lambda: L.Conv1D(2, 4, name="one"), SEQUENCE),
    "Conv2D": (lambda: L.Conv2D(2, (5, 3), name="one"), IMAGE),
    "Conv2DTranspose": (lambda: L.Conv2DTranspose(2, 3, name="one"), IMAGE),
    "DepthwiseConv2D": (lambda: L.DepthwiseConv2D((2, 5), name="one"), IMAGE),
    "MaxPooling1D": (lambda: L.MaxPooling1D(3, name="one"), SEQUENCE),
    "MaxPooling2D": (lambda: L.MaxPooling2D((3, 2), name="one"), IMAGE),
    "AveragePooling1D": (lambda: L.AveragePooling1D(3, name="one"), SEQUENCE),
    "AveragePooling2D": (lambda: L.AveragePooling2D((3, 2), name="one"), IMAGE),
    "GlobalAveragePooling1D": (lambda: L.GlobalAveragePooling1D(name="one"), SEQUENCE),
    "GlobalAveragePooling2D": (lambda: L.GlobalAveragePooling2D(name="one"), IMAGE),
    "GlobalMaxPooling1D": (lambda: L.GlobalMaxPooling1D(name="one"), SEQUENCE),
    "GlobalMaxPooling2D": (lambda: L.GlobalMaxPooling2D(name="one"), IMAGE),
    "ZeroPadding2D": (lambda: L.ZeroPadding2D(1, name="one"), IMAGE),
    "UpSampling2D": (lambda: L.UpSampling2D(2, name="one"), IMAGE),
}
PLACES = {3: "steps", 4: "height, width"}


@pytest.mark.parametrize("kind", LAYERS)
@settings(max_examples=30)
@given(shape=st.lists(st.integers(1, 6), min_size=1, max_size=5).map(tuple))
def test_a_layer_takes_shapes_that_fit_and_no_others(kind, shape):
    make, good = LAYERS[kind]
    layer = make()
    layer(np.ones(good))
    before = layer.get_weights()
    window = getattr(layer, "window", None) if kind != "Conv2DTranspose" else None
    learned = bool(before)
    if len(shape) != len(good) or (learned and shape[-1] != good[-1]):
        channels = good[-1] if learned else "channels"
        sentence = rf"{kind} 'one': inputs must have shape \(batch, {PLACES[len(good)]}, {channels}\), got \("
    elif window and any(n < k for n, k in zip(shape[1:], window.size)):
        sentence = rf"{kind} 'one': (kernel|pool)_size \(.*\) must not be larger than the inputs .*got inputs of"
    else:
        output = layer(np.ones(shape))
        assert output.shape == layer.compute_output_shape(shape)
        assert layer.backward(np.ones_like(output)).shape == shape
        return
    with pytest.raises(ValueError, match=sentence):
        layer(np.ones(shape))
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("kind", ["Conv1D", "Conv2D", "DepthwiseConv2D"])
def test_a_kernel_larger_than_the_first_input_makes_no_weights(kind):
    layer = LAYERS[kind][0]()
    with pytest.raises(ValueError, match=f"{kind} 'one': kernel_size"):
        layer(np.ones((2,) * len(LAYERS[kind][1])))
    assert layer.weights == [] and not layer.built


def test_a_dilated_kernel_says_how_far_it_spans():
    with pytest.raises(ValueError, match=r"kernel_size \(3, 3\), which with its dilation spans \(5, 5\), must not be"):
        L.Conv2D(1, 3, dilation_rate=2)(np.ones((1, 4, 9, 1)))


def test_the_number_of_channels_must_be_known():
    with pytest.raises(ValueError, match=r"known number of channels, got \(None, 8, 8, None\)"):
        L.Conv2D(1, 3)(nn.Input((8, 8, None)))


def test_a_model_that_cannot_be_is_refused_while_it_is_described():
    with pytest.raises(ValueError, match=r"MaxPooling2D 'p': pool_size \(4, 4\) must not be larger.*\(None, 3, 3, 2\)"):
        nn.Sequential([nn.Input((5, 5, 1)), L.Conv2D(2, 3, name="c"), L.MaxPooling2D(4, name="p")])
