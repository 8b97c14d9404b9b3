"""Dense layers and the small ones that reshape, drop out and concatenate."""

import math

import numpy as np

from .. import initializers, utils
from .base import Activated, Layer


class Dense(Activated):
    """Every output hears every input: z = x · kernel + bias, a = activation(z) (`keras.layers.Dense`).

    Backward, with δ = ∂L/∂z: ∂L/∂kernel = xᵀ δ, ∂L/∂bias = Σ δ over records, ∂L/∂x = δ kernelᵀ.

    Args:
        units: number of neurons.
        activation: name, function or None (linear).
        use_bias: whether each neuron has a bias.
        kernel_initializer: start of the kernel `(inputs, units)`.
        bias_initializer: start of the bias `(units,)`.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape: `(batch, …, inputs)`. Output shape: `(batch, …, units)`.

    Raises:
        ValueError: if units is not a whole number above 0, or an initializer or activation is unknown.
    """

    supports_masking = True

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        *,
        name=None,
        trainable=True,
    ):
        super().__init__(activation, name=name, trainable=trainable)
        self.units = utils.positive_integer("Dense", "units", units)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape):
        self.require(
            len(input_shape) >= 2 and input_shape[-1] is not None,
            f"inputs must have shape (batch, …, features) with a known number of features, got {input_shape}",
        )
        self.kernel = self.add_weight("kernel", (input_shape[-1], self.units), self.kernel_initializer)
        self.bias = self.add_weight("bias", (self.units,), self.bias_initializer) if self.use_bias else None

    def compute_output_shape(self, input_shape):
        features = self.kernel.shape[0]
        self.require(
            len(input_shape) >= 2 and input_shape[-1] == features,
            f"inputs must have shape (batch, …, {features}), got {input_shape}",
        )
        return (*input_shape[:-1], self.units)

    def call(self, inputs):
        z = inputs @ self.kernel.value  # (batch, …, units)
        if self.use_bias:
            z += self.bias.value
        return self.activate(z, x=inputs)

    def backward_sum(self, grad):
        x = self.saved.x.reshape(-1, self.kernel.shape[0])  # (records, inputs)
        delta = grad.reshape(-1, self.units)  # (records, units)
        self.kernel.add_gradient(x.T @ delta)
        if self.use_bias:
            self.bias.add_gradient(delta.sum(axis=0))
        return grad @ self.kernel.value.T if self.needs_input_gradient else None


class Activation(Activated):
    """An activation function as a layer of its own: a = activation(z) (`keras.layers.Activation`).

    Args:
        activation: name or function.
        name: the layer's name.

    Input shape and output shape: any, the same.
    """

    supports_masking = True

    def __init__(self, activation, *, name=None):
        super().__init__(activation, name=name)

    def call(self, inputs):
        return self.activate(inputs)

    def backward_sum(self, grad):
        return grad


class Reshape(Layer):
    """Arrange the numbers of each record in another shape (`keras.layers.Reshape`).

    Args:
        target_shape: shape of one record; one entry may be −1, for whatever fits.
        name: the layer's name.

    Input shape: `(batch, …)`. Output shape: `(batch, *target_shape)`.

    Raises:
        ValueError: if the numbers of a record do not fit the target shape.
    """

    def __init__(self, target_shape, *, name=None):
        super().__init__(name=name)
        self.target_shape = tuple(target_shape)

    def compute_output_shape(self, input_shape):
        self.require(None not in input_shape[1:], f"inputs must have a known shape after the batch, got {input_shape}")
        size = math.prod(input_shape[1:])
        known = math.prod(n for n in self.target_shape if n != -1)
        fits = self.target_shape.count(-1) <= 1 and (size % known == 0 if -1 in self.target_shape else size == known)
        self.require(
            fits,
            f"target_shape {self.target_shape} must hold the {size} numbers of a record of inputs {input_shape}",
        )
        return (input_shape[0], *(size // known if n == -1 else n for n in self.target_shape))

    def call(self, inputs):
        self.save(shape=inputs.shape)
        return inputs.reshape(len(inputs), *self.compute_output_shape(inputs.shape)[1:])

    def backward(self, grad):
        return grad.reshape(self.saved.shape)


class Flatten(Reshape):
    """Make each record one row of numbers (`keras.layers.Flatten`).

    Args:
        name: the layer's name.

    Input shape: `(batch, …)`. Output shape: `(batch, numbers of a record)`.
    """

    def __init__(self, *, name=None):
        super().__init__((-1,), name=name)


class Dropout(Layer):
    """In training, set a random share of the inputs to 0 and divide the rest by 1 − rate (`keras.layers.Dropout`).

    Args:
        rate: share from 0 up to, but not including, 1.
        seed: None, an integer, or a Generator.
        name: the layer's name.

    Input shape and output shape: any, the same. Source: Srivastava et al. 2014.

    Raises:
        ValueError: if rate is outside its range.
    """

    supports_masking = True

    def __init__(self, rate, *, seed=None, name=None):
        super().__init__(name=name)
        self.rate = utils.fraction("Dropout", "rate", rate)
        self.generator = utils.generator(seed) if seed is not None else None

    def noise_shape(self, shape):
        """Return the shape of the random draw, that of the input.

        Args:
            shape: of the input `(batch, …)`.
        """
        return shape

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            self.save(scale=None)
            return inputs
        rng = self.generator or utils.generator()
        keep = rng.random(self.noise_shape(inputs.shape)) >= self.rate
        self.save(scale=keep.astype(inputs.dtype) / inputs.dtype.type(1 - self.rate))
        return inputs * self.saved.scale

    def backward(self, grad):
        return grad if self.saved.scale is None else grad * self.saved.scale


class SpatialDropout1D(Dropout):
    """In training, drop whole features of a sequence, at all its steps at once (`keras.layers.SpatialDropout1D`).

    Args:
        rate: share from 0 up to, but not including, 1.
        seed: None, an integer, or a Generator.
        name: the layer's name.

    Input shape and output shape: `(batch, time, features)`, the same. Source: Tompson et al. 2014.

    Raises:
        ValueError: if rate is outside its range, or inputs have another rank.
    """

    def compute_output_shape(self, input_shape):
        self.require(len(input_shape) == 3, f"inputs must have shape (batch, time, features), got {input_shape}")
        return input_shape

    def noise_shape(self, shape):
        return (shape[0], 1, shape[2])


class Permute(Layer):
    """Put the axes of each record in another order (`keras.layers.Permute`).

    Args:
        dims: the order, counted from 1: `(2, 1)` swaps the first two axes after the batch.
        name: the layer's name.

    Input shape: `(batch, …)` with as many axes as dims. Output shape: the same sizes in that order.

    Raises:
        ValueError: if dims is not 1 … n in some order, or inputs have another number of axes.
    """

    def __init__(self, dims, *, name=None):
        super().__init__(name=name)
        self.dims = tuple(dims)
        self.require(
            sorted(self.dims) == list(range(1, len(self.dims) + 1)),
            f"dims must hold 1 … n, each once, in some order; got {dims}",
        )

    def compute_output_shape(self, input_shape):
        self.require(
            len(input_shape) == len(self.dims) + 1,
            f"inputs must have {len(self.dims)} axes after the batch, as dims {self.dims} does; got {input_shape}",
        )
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def call(self, inputs):
        return inputs.transpose(0, *self.dims)

    def backward(self, grad):
        return grad.transpose(np.argsort((0, *self.dims)))


class Softmax(Activated):
    """Share 1 out along an axis: aᵢ = e^(zᵢ) / Σⱼ e^(zⱼ) (`keras.layers.Softmax`).

    Where a mask is False, a is 0 and the rest share. Backward: ∂L/∂z = a (g − Σ g a), with g = ∂L/∂a.

    Args:
        axis: a whole number, or a list of them to share out over several axes together.
        name: the layer's name.

    Input shape and output shape: any, the same. The mask has that shape, or 1 where it is the same for all.

    Raises:
        ValueError: if the mask does not fit.
    """

    supports_masking = True

    def __init__(self, axis=-1, *, name=None):
        super().__init__("softmax", name=name)
        self.axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis

    def compute_output_shape(self, input_shape):
        axes, rank = np.atleast_1d(self.axis), len(input_shape)
        self.require(
            ((-rank <= axes) & (axes < rank)).all(),
            f"axis must be among the axes of inputs {input_shape}, got {self.axis}",
        )
        return input_shape

    def call(self, inputs, mask=None):
        z = inputs
        if mask is not None:
            mask = np.asarray(mask) > 0.5
            fits = all(m in (1, n) for m, n in zip(mask.shape[::-1], z.shape[::-1])) and mask.ndim <= z.ndim
            self.require(fits, f"mask must have the shape of inputs {z.shape}, or 1 in places; got {mask.shape}")
            z = np.where(mask, z, -1e9)
        e = np.exp(z - z.max(axis=self.axis, keepdims=True))
        a = e / e.sum(axis=self.axis, keepdims=True)
        if mask is not None:
            a *= mask  # also where a whole row is masked, which would share out evenly
        self.save(z=z, a=a, masked=mask is not None)
        return a

    @property
    def logits(self):
        last = self.axis in (-1, self.saved.z.ndim - 1)
        return self.saved.z if last and not self.saved.masked else None

    def backward(self, grad):
        a = self.saved.a
        return a * (grad - (grad * a).sum(axis=self.axis, keepdims=True))

    def backward_sum(self, grad):
        return grad


class Concatenate(Layer):
    """Put several inputs side by side along one axis (`keras.layers.Concatenate`).

    Args:
        axis: the axis along which they are joined; not the batch.
        name: the layer's name.

    Input shape: a list of shapes that differ in that axis only. Output shape: their sizes added in that axis.

    Raises:
        ValueError: if there are fewer than two inputs, or they differ in another axis.
    """

    supports_masking = True

    def __init__(self, axis=-1, *, name=None):
        super().__init__(name=name)
        self.require(
            isinstance(axis, int) and axis != 0,
            f"axis must be a whole number, not 0 (the batch), got {axis!r}",
        )
        self.axis = axis

    def compute_output_shape(self, input_shape):
        several = isinstance(input_shape, list) and len(input_shape) >= 2
        self.require(several, f"inputs must be a list of two or more tensors, got {input_shape}")
        self.require(
            all(self.axis < len(shape) and self.axis % len(shape) for shape in input_shape),
            f"inputs must have axis {self.axis}, not as their first (the batch), got {input_shape}",
        )
        rests = {tuple(np.delete(np.array(shape[1:], object), self._axis(shape) - 1)) for shape in input_shape}
        self.require(
            len(rests) == 1 and len(set(map(len, input_shape))) == 1 and utils.one_batch(input_shape),
            f"inputs may differ in axis {self.axis} only, got {input_shape}",
        )
        shape, axis = list(input_shape[0]), self._axis(input_shape[0])
        shape[axis] = sum(s[axis] for s in input_shape)
        return tuple(shape)

    def _axis(self, shape):
        return self.axis % len(shape)

    def compute_mask(self, inputs, mask):
        if not isinstance(mask, list) or all(m is None for m in mask):
            return None
        masks = [np.ones(x.shape, bool) if m is None else _as_wide_as(x, m) for x, m in zip(inputs, mask)]
        return np.concatenate(masks, axis=self.axis).any(axis=-1)

    def call(self, inputs):
        self.save(cuts=np.cumsum([x.shape[self.axis] for x in inputs])[:-1])
        return np.concatenate(inputs, axis=self.axis)

    def backward(self, grad):
        return np.split(grad, self.saved.cuts, axis=self.axis)


def _as_wide_as(x, mask):
    """Repeat a mask `(batch, time)` over the last axis of x."""
    return np.broadcast_to(mask[..., None], x.shape) if mask.ndim < x.ndim else mask
