"""Layers that make one tensor of several, number by number, and the dot product of two."""

from functools import reduce

import numpy as np

from .. import config, utils
from .base import Layer


class _Merge(Layer):
    """What layers that merge number by number share.

    A subclass writes `_merge(inputs, masks)`, which saves what `_split` needs, and `_split(grad)`: a gradient for each.

    Args:
        name: the layer's name.
    """

    supports_masking = True

    def compute_output_shape(self, input_shape):
        fits = isinstance(input_shape, list) and len(input_shape) >= 2 and len(set(map(len, input_shape))) == 1
        sizes = [set(along) - {1, None} for along in zip(*input_shape)] if fits else []
        self.require(
            fits and all(len(along) <= 1 for along in sizes),
            f"inputs must be a list of two or more tensors of one shape, got {input_shape} "
            "(1 is allowed too, and repeated)",
        )
        return tuple(
            None if None in along and not size else max(size, default=1)
            for along, size in zip(zip(*input_shape), sizes)
        )

    def compute_mask(self, inputs, mask):
        # Where one input is real, the result is; without a mask, an input is real everywhere.
        return None if not isinstance(mask, list) or any(m is None for m in mask) else reduce(np.logical_or, mask)

    def call(self, inputs, mask=None):
        masks = [None if m is None else m[..., None] for m in mask or [None] * len(inputs)]  # (batch, time, 1)
        self.save()
        merged = self._merge(inputs, masks)
        self.saved.shapes = [x.shape for x in inputs]
        return merged

    def backward(self, grad):
        return [_sum_repeats(one, shape) for one, shape in zip(self._split(grad), self.saved.shapes)]


def _sum_repeats(grad, shape):
    """Add up a gradient along the axes in which an input of this shape was repeated."""
    repeated = tuple(axis for axis, size in enumerate(shape) if size != grad.shape[axis])
    return grad.sum(axis=repeated, keepdims=True) if repeated else grad


class Add(_Merge):
    """Add several inputs of one shape: out = x₁ + x₂ + … (`keras.layers.Add`).

    Args:
        name: the layer's name.

    Input shape: a list of two or more equal shapes (or 1, repeated). Output shape: that shape.

    Raises:
        ValueError: if there are fewer than two inputs or their shapes differ.
    """

    def _merge(self, inputs, masks):
        return sum(inputs[1:], start=inputs[0])

    def _split(self, grad):
        return [grad] * len(self.saved.shapes)


class Average(_Merge):
    """Take the mean of several inputs of one shape: out = (x₁ + x₂ + … + xₙ) / n (`keras.layers.Average`).

    Args:
        name: the layer's name.

    Input shape: a list of two or more equal shapes (or 1, repeated). Output shape: that shape.

    Raises:
        ValueError: if there are fewer than two inputs or their shapes differ.
    """

    def _merge(self, inputs, masks):
        return sum(inputs[1:], start=inputs[0]) / len(inputs)

    def _split(self, grad):
        count = len(self.saved.shapes)
        return [grad / count] * count


class Subtract(_Merge):
    """Subtract the second input from the first: out = x₁ − x₂ (`keras.layers.Subtract`).

    Args:
        name: the layer's name.

    Input shape: a list of two equal shapes (or 1, repeated). Output shape: that shape.

    Raises:
        ValueError: if there are not two inputs or their shapes differ.
    """

    def compute_output_shape(self, input_shape):
        self.require(
            isinstance(input_shape, list) and len(input_shape) == 2,
            f"inputs must be a list of two tensors of one shape, got {input_shape}",
        )
        return super().compute_output_shape(input_shape)

    def _merge(self, inputs, masks):
        return inputs[0] - inputs[1]

    def _split(self, grad):
        return [grad, -grad]


class Multiply(_Merge):
    """Multiply several inputs of one shape, number by number: out = x₁ x₂ … (`keras.layers.Multiply`).

    Steps that a mask calls padding count as 1; where all inputs are padding, out is 0. Backward: each input's gradient
    is that of the product, times the other inputs.

    Args:
        name: the layer's name.

    Input shape: a list of two or more equal shapes (or 1, repeated). Output shape: that shape.

    Raises:
        ValueError: if there are fewer than two inputs or their shapes differ.
    """

    def _merge(self, inputs, masks):
        factors = [x if m is None else np.where(m, x, 1) for x, m in zip(inputs, masks)]
        product = reduce(np.multiply, factors)
        real = None if any(m is None for m in masks) else reduce(np.logical_or, masks)
        self.save(factors=factors, masks=masks, real=real)
        return product if real is None else np.where(real, product, 0)

    def _split(self, grad):
        factors, masks = self.saved.factors, self.saved.masks
        if self.saved.real is not None:
            grad = np.where(self.saved.real, grad, 0)
        grads = [reduce(np.multiply, factors[:i] + factors[i + 1 :], grad) for i in range(len(factors))]
        return [one if m is None else np.where(m, one, 0) for one, m in zip(grads, masks)]


class Maximum(_Merge):
    """Take the largest of several inputs of one shape, number by number: out = max(x₁, x₂, …) (`keras.layers.Maximum`).

    Steps that a mask calls padding take no part while another input is real there. Backward: the gradient goes to the
    input that was largest, the first of equals.

    Args:
        name: the layer's name.

    Input shape: a list of two or more equal shapes (or 1, repeated). Output shape: that shape.

    Raises:
        ValueError: if there are fewer than two inputs or their shapes differ.
    """

    def _merge(self, inputs, masks):
        largest, real = inputs[0], masks[0]
        winner = np.zeros(np.broadcast_shapes(*(x.shape for x in inputs)), np.int8)
        for i, (x, mask) in enumerate(zip(inputs[1:], masks[1:]), start=1):
            takes = x > largest
            if real is not None:
                takes = takes | ~real
            if mask is not None:
                takes = takes & mask
            largest, winner = np.where(takes, x, largest), np.where(takes, np.int8(i), winner)
            real = None if real is None or mask is None else real | mask
        self.save(winner=winner)
        return largest

    def _split(self, grad):
        return [np.where(self.saved.winner == i, grad, 0) for i in range(len(self.saved.shapes))]


class Dot(Layer):
    """Multiply two inputs and add up along one axis of each: out = Σₖ x₁[…, k, …] x₂[…, k, …] (`keras.layers.Dot`).

    With both axes brought to the middle, it is one matrix product a record: out = A · B. Backward:
    ∂L/∂A = g Bᵀ and ∂L/∂B = Aᵀ g. With normalize, the inputs are divided by their length along that axis first, so
    that the product is a cosine.

    Args:
        axes: the axis, or one for each input; not 0 (the batch).
        normalize: whether to divide by the lengths.
        name: the layer's name.

    Input shape: a list of two shapes, with one size along the axes. Output shape: the batch, what is left of the first
    shape, what is left of the second; `(batch, 1)` if nothing is.

    Raises:
        ValueError: if there are not two inputs, or their sizes along the axes differ.
    """

    supports_masking = True

    def __init__(self, axes, normalize=False, *, name=None):
        super().__init__(name=name)
        pair = [axes, axes] if isinstance(axes, int) else list(axes)
        self.require(
            len(pair) == 2 and all(isinstance(axis, int) and axis != 0 for axis in pair),
            f"axes must be one or two whole numbers, not 0 (the batch); got {axes!r}",
        )
        self.axes, self.normalize = pair, normalize

    def compute_output_shape(self, input_shape):
        self.require(
            isinstance(input_shape, list)
            and len(input_shape) == 2
            and all(-len(s) <= axis < len(s) and axis % len(s) != 0 for s, axis in zip(input_shape, self.axes)),
            f"inputs must be a list of two tensors that have the axes {self.axes}, got {input_shape}",
        )
        sizes = [shape[axis] for shape, axis in zip(input_shape, self.axes)]
        self.require(
            (sizes[0] == sizes[1] or None in sizes) and utils.one_batch(input_shape),
            f"inputs must have one size along the axes {self.axes}, and be one batch; got {input_shape}",
        )
        rests = [[n for i, n in enumerate(s) if i not in (0, axis % len(s))] for s, axis in zip(input_shape, self.axes)]
        return (input_shape[0][0], *(rests[0] + rests[1] or [1]))

    def compute_mask(self, inputs, mask):
        return None

    def call(self, inputs):
        shape = self.compute_output_shape([x.shape for x in inputs])
        lengths = [_inverse_length(x, axis) if self.normalize else None for x, axis in zip(inputs, self.axes)]
        units = [x if length is None else x * length for x, length in zip(inputs, lengths)]
        moved = [np.moveaxis(x, axis, to) for x, axis, to in zip(units, self.axes, (-1, 1))]
        batch, size = len(inputs[0]), inputs[0].shape[self.axes[0]]
        A, B = moved[0].reshape(batch, -1, size), moved[1].reshape(batch, size, -1)
        self.save(A=A, B=B, shapes=[x.shape for x in moved], units=units, lengths=lengths)
        return (A @ B).reshape(shape)

    def backward(self, grad):
        run = self.saved
        grad = grad.reshape(len(grad), run.A.shape[1], run.B.shape[2])
        grads = [grad @ run.B.swapaxes(1, 2), run.A.swapaxes(1, 2) @ grad]
        grads = [np.moveaxis(g.reshape(s), to, axis) for g, s, to, axis in zip(grads, run.shapes, (-1, 1), self.axes)]
        if not self.normalize:
            return grads
        # x / |x| does not change when x grows: only what is at right angles to it goes back.
        return [
            length * (g - unit * (g * unit).sum(axis=axis, keepdims=True))
            for g, unit, length, axis in zip(grads, run.units, run.lengths, self.axes)
        ]


def _inverse_length(x, axis):
    """1 / |x| along an axis; no length counts as less than ε."""
    return 1 / np.maximum(np.sqrt(np.square(x).sum(axis=axis, keepdims=True)), config.epsilon())
