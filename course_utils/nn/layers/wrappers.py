"""Layers around other layers, and the small ones that sequences need: both directions, every step, repeat, mask."""

import copy

import numpy as np

from .. import utils
from .base import Layer
from .recurrence import Recurrent

# merge mode: (output of y and y_rev, gradients of y and y_rev)
_MERGES = {
    "concat": (lambda y, y_rev: np.concatenate([y, y_rev], axis=-1), lambda grad, y, y_rev: np.split(grad, 2, axis=-1)),
    "sum": (lambda y, y_rev: y + y_rev, lambda grad, y, y_rev: (grad, grad)),
    "ave": (lambda y, y_rev: (y + y_rev) / 2, lambda grad, y, y_rev: (grad / 2, grad / 2)),
    "mul": (lambda y, y_rev: y * y_rev, lambda grad, y, y_rev: (grad * y_rev, grad * y)),
}


class Bidirectional(Layer):
    """Two recurrent layers, one from first to last and one from last to first (`keras.layers.Bidirectional`).

    Output: y and y_rev side by side (concat), y + y_rev (sum), (y + y_rev) / 2 (ave), y · y_rev (mul), or both (None).
    With return_sequences, y_rev is put back into the order of the input first, and masked steps give 0.

    Args:
        layer: a SimpleRNN, LSTM or GRU; both directions are new layers made as it was, with weights of their own.
        merge_mode: `"concat"`, `"sum"`, `"ave"`, `"mul"` or None (a list of two outputs).
        backward_layer: the layer for the way back, if it is not to be made as `layer`; with go_backwards of its own.
        name: the layer's name.
        trainable: False freezes the weights.

    Call arguments: `sequences`; `initial_state`, a list of the states of the way there and then of the way back;
    `mask`, booleans `(batch, time)`.

    Input shape: `(batch, time, features)`. Output shape: that of the layer, twice as wide with concat; with
    return_state, a list of it and all states. Source: Schuster & Paliwal 1997.

    Raises:
        ValueError: if the layers are not recurrent or do not fit each other, or the merge mode is unknown.
    """

    supports_masking = True

    def __init__(self, layer, merge_mode="concat", *, backward_layer=None, name=None, trainable=True):
        super().__init__(name=name, trainable=trainable)
        for argument, one in (("layer", layer), ("backward_layer", backward_layer)):
            fits = isinstance(one, Recurrent) or (argument == "backward_layer" and one is None)
            self.require(fits, f"{argument} must be a SimpleRNN, LSTM or GRU, got {one!r}")
        if merge_mode is not None:
            utils.lookup("Bidirectional", "merge_mode", merge_mode, _MERGES)
        self.merge_mode = merge_mode
        self.forward_layer = self.track(_made_as(layer, f"forward_{layer.name.removeprefix('forward_')}"))
        if backward_layer is None:
            backward_layer = _made_as(layer, f"backward_{layer.name.removeprefix('backward_')}", go_backwards=True)
        self.backward_layer = self.track(backward_layer)
        self._require_a_pair()
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        for one in self.sublayers:
            one.zero_output_for_mask = self.return_sequences

    def _require_a_pair(self):
        there, back = self.sublayers
        self.require(
            there.go_backwards != back.go_backwards,
            f"backward_layer must go the other way; go_backwards is {back.go_backwards} for both",
        )
        for option in ("return_sequences", "return_state"):
            values = getattr(there, option), getattr(back, option)
            self.require(values[0] == values[1], f"layer and backward_layer must have the same {option}, got {values}")

    def __call__(self, sequences, initial_state=None, **kwargs):
        """Use the layer on a sequence, with zeros or other tensors as the first states."""
        if initial_state is None:
            return super().__call__(sequences, **kwargs)
        return super().__call__(sequences, list(initial_state), **kwargs)

    def _halves(self, states):
        """Give the states of the way there and of the way back."""
        if states is None:
            return None, None
        half = len(states) // 2
        return states[:half], states[half:]

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in self.sublayers:
            layer.build_once(sequences_shape)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        shapes = [
            layer.compute_output_shape(sequences_shape, states)
            for layer, states in zip(self.sublayers, self._halves(initial_state_shape))
        ]
        (y, *states), (y_rev, *states_rev) = shapes if self.return_state else ([shape] for shape in shapes)
        self.require(
            y == y_rev or self.merge_mode is None, f"layer and backward_layer must have the same units: {y}, {y_rev}"
        )
        merged = {None: [y, y_rev], "concat": [(*y[:-1], 2 * y[-1])]}.get(self.merge_mode, [y])
        outputs = [*merged, *states, *states_rev]
        return outputs if len(outputs) > 1 else outputs[0]

    def compute_mask(self, inputs, mask):
        output = mask if self.return_sequences else None
        return [output, output] if self.merge_mode is None else output

    def call(self, sequences, initial_state=None, mask=None):
        outputs = [
            layer.call(sequences, states, mask) for layer, states in zip(self.sublayers, self._halves(initial_state))
        ]
        (y, *states), (y_rev, *states_rev) = outputs if self.return_state else ([output] for output in outputs)
        if self.return_sequences:
            y_rev = y_rev[:, ::-1]
        merged = [y, y_rev] if self.merge_mode is None else [_MERGES[self.merge_mode][0](y, y_rev)]
        self.save(y=y, y_rev=y_rev, inner=[layer.saved for layer in self.sublayers], given=initial_state is not None)
        found = [*merged, *states, *states_rev]
        return found if len(found) > 1 else found[0]

    def backward(self, grad):
        run = self.saved
        grads = list(grad) if isinstance(grad, (list, tuple)) else [grad]
        merged = grads[: 2 if self.merge_mode is None else 1]
        there, back = self._halves(grads[len(merged) :])
        dy, dy_rev = merged if self.merge_mode is None else self._split(merged[0])
        if self.return_sequences and dy_rev is not None:
            dy_rev = dy_rev[:, ::-1]
        found = []
        for layer, saved, one, states in zip(self.sublayers, run.inner, (dy, dy_rev), (there, back)):
            layer.saved, layer.needs_input_gradient = saved, self.needs_input_gradient
            one_grad = [one, *states] if self.return_state else np.zeros_like(run.y) if one is None else one
            found.append(layer.backward(one_grad))
        if not self.needs_input_gradient:
            return None
        if run.given:
            (dx, *states), (dx_rev, *states_rev) = found
            return [dx + dx_rev, *states, *states_rev]
        return found[0] + found[1]

    def _split(self, grad):
        run = self.saved
        return (None, None) if grad is None else _MERGES[self.merge_mode][1](grad, run.y, run.y_rev)


def _made_as(layer, name, **changes):
    """Return a new layer made as a recurrent one was, without its weights."""
    new = copy.copy(layer)
    new.name, new.built, new.saved, new.variables, new.sublayers = name, False, None, [], []
    for attribute, value in changes.items():
        setattr(new, attribute, value)
    return new


class TimeDistributed(Layer):
    """Use one layer, with the same weights, on every step of a sequence (`keras.layers.TimeDistributed`).

    The steps of all records are handed to the layer together, as `batch · time` records.

    Args:
        layer: a layer of one input and one output that treats each record by itself (so no BatchNormalization).
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape: `(batch, time, …)`. Output shape: `(batch, time, *what the layer makes of …)`.

    Raises:
        ValueError: if it is not given a layer, or its input has fewer than 3 axes.
    """

    supports_masking = True

    def __init__(self, layer, *, name=None, trainable=True):
        super().__init__(name=name, trainable=trainable)
        self.require(isinstance(layer, Layer), f"layer must be a layer, got {layer!r}")
        self.layer = self.track(layer)

    def _inner_shape(self, input_shape):
        """The shape of one step; the number of records is not told, as it is not theirs."""
        self.require(
            isinstance(input_shape, tuple) and len(input_shape) >= 3,
            f"inputs must have shape (batch, time, …) with at least 3 axes, got {input_shape}",
        )
        return (None, *input_shape[2:])

    def build(self, input_shape):
        self.layer.build_once(self._inner_shape(input_shape))
        self.require(
            all(variable.trainable for variable in self.layer.weights),
            f"layer must treat each record by itself; {type(self.layer).__name__} keeps averages over records",
        )

    def compute_output_shape(self, input_shape):
        inner = self.layer.compute_output_shape(self._inner_shape(input_shape))
        self.require(not isinstance(inner, list), "layer must have one output")
        return (*input_shape[:2], *inner[1:])

    def call(self, inputs, training=False, mask=None):
        kwargs = {"training": training} if self.layer.accepts("training") else {}
        if mask is not None and self.layer.accepts("mask"):
            kwargs["mask"] = _together(mask)
        outputs = self.layer.call(_together(inputs), **kwargs)
        self.save(steps=inputs.shape[:2], inner=self.layer.saved)
        return outputs.reshape(*inputs.shape[:2], *outputs.shape[1:])

    def backward(self, grad):
        self.layer.saved, self.layer.needs_input_gradient = self.saved.inner, self.needs_input_gradient
        found = self.layer.backward(_together(grad))
        return None if found is None else found.reshape(*self.saved.steps, *found.shape[1:])


def _together(array):
    """Join the axes of batch and time."""
    return array.reshape(-1, *array.shape[2:])


class RepeatVector(Layer):
    """Repeat each record n times, as the steps of a sequence (`keras.layers.RepeatVector`).

    Backward: ∂L/∂x is the sum of the gradients of the n copies.

    Args:
        n: number of steps.
        name: the layer's name.

    Input shape: `(batch, features)`. Output shape: `(batch, n, features)`.

    Raises:
        ValueError: if n is not a whole number above 0.
    """

    def __init__(self, n, *, name=None):
        super().__init__(name=name)
        self.n = utils.positive_integer("RepeatVector", "n", n)

    def compute_output_shape(self, input_shape):
        self.require(len(input_shape) == 2, f"inputs must have shape (batch, features), got {input_shape}")
        return (input_shape[0], self.n, input_shape[1])

    def call(self, inputs):
        return np.repeat(inputs[:, None], self.n, axis=1)

    def backward(self, grad):
        return grad.sum(axis=1)


class Masking(Layer):
    """Mark the steps at which every feature is mask_value, and set them to 0 (`keras.layers.Masking`).

    The layers after it that know masks skip those steps, and the loss leaves them out.

    Args:
        mask_value: a number.
        name: the layer's name.

    Input shape and output shape: `(batch, time, …)`, the same. The mask is True where a step is real.
    """

    supports_masking = True

    def __init__(self, mask_value=0.0, *, name=None):
        super().__init__(name=name)
        self.mask_value = mask_value

    def compute_mask(self, inputs, mask):
        return (inputs != self.mask_value).any(axis=-1)

    def call(self, inputs):
        self.save(real=self.compute_mask(inputs, None)[..., None])
        return np.where(self.saved.real, inputs, 0)

    def backward(self, grad):
        return np.where(self.saved.real, grad, 0)
