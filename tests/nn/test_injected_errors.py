"""Every gradient of every layer is a slope, and no backward pass can be wrong by 0.001 in one element unnoticed."""

import contextlib

import numpy as np
import pytest

from course_utils import nn
from course_utils.bridge import number_type
from course_utils.nn import activations, losses
from course_utils.nn.gradcheck import numerical_gradient
from tests.nn import layer_table
from tests.parity import randomize

TOLERANCE, ERROR = 1e-6, 1e-3
CONSTANT = {"RoIAlign": 1}  # an input that a layer takes as given: its gradient is 0


def with_an_error(gradient, rng):
    """Return a copy that is off by ERROR in one element.

    Args:
        gradient: array.
        rng: a `numpy.random.Generator`, which chooses the element.
    """
    wrong = np.array(gradient)
    wrong.flat[rng.integers(wrong.size)] += ERROR
    return wrong


@contextlib.contextmanager
def wrong_backward(layer, place, rng):
    """Let `layer.backward` be wrong in one gradient for a while; yield a list of what was made wrong.

    Args:
        layer: a Layer.
        place: a Variable of the layer, or the number of an input.
        rng: a `numpy.random.Generator`.
    """
    right, done = layer.backward, []

    def wrong(grad):
        found = right(grad)
        several = list(found) if isinstance(found, (list, tuple)) else [found]
        if not isinstance(place, int):
            place.grad = with_an_error(place.grad, rng)
            done.append(place.path)
        elif place < len(several) and several[place] is not None:
            several[place] = with_an_error(several[place], rng)
            done.append(f"input {place} of {layer.name}")
        return several if isinstance(found, (list, tuple)) else several[0]

    layer.backward = wrong
    try:
        yield done
    finally:
        del layer.backward


class Checked:
    """A model around one layer, in float64, and the slopes of a random weighting of its outputs.

    Args:
        name: of a layer in the table.
    """

    def __init__(self, name):
        rng = np.random.default_rng(0)
        shapes, connect = layer_table.CASES[name]
        kind = "int32" if name in layer_table.WHOLE_NUMBERS else None
        inputs = [nn.Input(shape, dtype=kind) for shape in shapes]
        self.model = nn.Model(inputs if len(inputs) > 1 else inputs[0], connect(nn, *inputs))
        randomize(self.model, rng)
        self.x = layer_table.records(name, "float64", rng)
        self.output_weights = rng.normal(size=self.model(self.x).shape)
        arrays = nn.utils.flatten([self.x]) + [variable.value for variable in self.model.trainable_weights]
        self.slopes = [numerical_gradient(self.loss, array) if array.dtype.kind == "f" else None for array in arrays]
        if name in CONSTANT:
            self.slopes[CONSTANT[name]][...] = 0

    def loss(self):
        """Return the weighted sum of the outputs."""
        return float((self.model(self.x, training=True) * self.output_weights).sum())

    def largest_error(self):
        """Return how far the gradients of inputs and weights are from the slopes; an input may have none."""
        self.loss()
        self.model.zero_gradients()
        found = self.model.backward(self.output_weights)
        found = list(found) if isinstance(found, list) else [found]
        pairs = zip(found + [variable.grad for variable in self.model.trainable_weights], self.slopes, strict=True)
        return max((np.abs(g - slope).max() for g, slope in pairs if g is not None and slope is not None), default=0)


def with_all_inside(layers):
    """List layers, those that they own, and so on.

    Args:
        layers: list of Layers.
    """
    return [one for layer in layers for one in (layer, *with_all_inside(layer.sublayers))]


@pytest.mark.parametrize("name", layer_table.CASES)
def test_gradients_are_slopes_and_an_error_in_any_backward_pass_is_caught(name):
    rng = np.random.default_rng(1)
    with number_type("float64"):
        checked = Checked(name)
        assert checked.largest_error() <= TOLERANCE
        injected = set()
        for layer in with_all_inside(checked.model.layers):
            own = [variable for variable in layer.variables if variable.trainable]
            for place in (*range(len(layer_table.CASES[name][0])), *own):
                with wrong_backward(layer, place, rng) as done:
                    error = checked.largest_error()
                assert not done or error > TOLERANCE, f"{done[0]}: {error:.1e}"
                injected.update(done)
        assert len(injected) >= len(checked.model.trainable_weights) and injected


def test_every_layer_is_in_the_table():
    assert set(layer_table.CASES) == set(nn.layers.__all__) - {"Layer", "Input"}


# ---- what layers lean on: activations and losses


def network(activation="linear", loss="mse", units=3):
    """Return a compiled model of two layers, records and labels that fit any loss.

    Args:
        activation: name, of the first layer.
        loss: name or Loss.
        units: number of outputs, each a probability.
    """
    rng = np.random.default_rng(2)
    layers = [nn.layers.Dense(3, activation), nn.layers.Dense(units, "sigmoid", name="out")]
    model = nn.Sequential([nn.Input((4,)), *layers, nn.layers.Reshape((units,))])  # so that no loss takes the sums
    model.compile("sgd", loss)
    randomize(model, rng)
    sparse = isinstance(loss, losses.SparseCategoricalCrossentropy)
    return model, rng.normal(size=(5, 4)), rng.integers(0, units, 5) if sparse else rng.random((5, units))


ACTIVATIONS = [name for name in activations._TABLE if name != "step"]  # step has no slope


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_error_in_an_activation_is_caught(name, monkeypatch):
    function = activations.get(name)
    with number_type("float64"):
        checked = network(activation=name)
        assert nn.gradcheck(*checked).ok
        right, rng = function.backward, np.random.default_rng(3)
        monkeypatch.setattr(function, "backward", lambda *args: with_an_error(right(*args), rng))
        assert not nn.gradcheck(*checked).ok


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("kind", sorted(set(losses._TABLE.values()), key=lambda kind: kind.__name__))
def test_an_error_in_a_loss_is_caught(kind, from_logits, monkeypatch):
    options = {"from_logits": from_logits} if issubclass(kind, losses._Crossentropy) else {}
    with number_type("float64"):
        checked = network(loss=kind(**options))
        assert nn.gradcheck(*checked).ok
        right, rng = kind.gradient, np.random.default_rng(3)
        monkeypatch.setattr(kind, "gradient", lambda *args: with_an_error(right(*args), rng))
        assert not nn.gradcheck(*checked).ok
