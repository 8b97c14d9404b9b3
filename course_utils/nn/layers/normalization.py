"""Layers that bring numbers to mean 0 and variance 1, over each record or over the batch."""

import numpy as np

from .. import config, initializers
from .base import Layer


class _Normalization(Layer):
    """What normalizations share: x̂, then a scale gamma and an offset beta that are learned.

    A subclass sets `self.axes`: those along which gamma and beta differ.
    """

    supports_masking = True

    def __init__(self, epsilon, center, scale, beta_initializer, gamma_initializer, name, trainable):
        super().__init__(name=name, trainable=trainable)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)

    def build(self, input_shape):
        axes = self.axis if isinstance(self.axis, (list, tuple)) else [self.axis]
        rank = len(input_shape)
        self.require(
            all(isinstance(axis, int) and -rank <= axis < rank and axis % rank != 0 for axis in axes),
            f"axis must be one of the axes of the inputs {input_shape}, not 0 (the batch); got {self.axis!r}",
        )
        self.axes = tuple(sorted(axis % rank for axis in axes))
        self.other_axes = tuple(axis for axis in range(rank) if axis not in self.axes)
        shape = tuple(input_shape[axis] for axis in self.axes)
        self.require(None not in shape, f"inputs must have a known size along axis {self.axis}, got {input_shape}")
        self.rank, self.sizes = rank, shape
        self.gamma = self.add_weight("gamma", shape, self.gamma_initializer) if self.scale else None
        self.beta = self.add_weight("beta", shape, self.beta_initializer) if self.center else None

    def compute_output_shape(self, input_shape):
        self.require(
            len(input_shape) == self.rank and tuple(input_shape[axis] for axis in self.axes) == self.sizes,
            f"inputs must have {self.rank} axes, of size {self.sizes} along axis {self.axes}; got {input_shape}",
        )
        return input_shape

    def _spread(self, values):
        """Give values of the axes an axis of size 1 for each of the others."""
        return np.expand_dims(values, self.other_axes)

    def _scale_and_shift(self, x_hat):
        """Return x̂ · gamma + beta."""
        y = x_hat * self._spread(self.gamma.value) if self.scale else x_hat
        return y + self._spread(self.beta.value) if self.center else y

    def _add_gradients(self, grad, x_hat):
        """Add ∂L/∂gamma and ∂L/∂beta, and return both."""
        gamma_grad, beta_grad = (grad * x_hat).sum(axis=self.other_axes), grad.sum(axis=self.other_axes)
        if self.scale:
            self.gamma.add_gradient(gamma_grad)
        if self.center:
            self.beta.add_gradient(beta_grad)
        return gamma_grad, beta_grad


class LayerNormalization(_Normalization):
    """Normalize each record by itself: x̂ = (x − μ) / √(σ² + ε), out = x̂ · gamma + beta (`keras.layers`).

    μ and σ² are the mean and variance along `axis`. Backward, with g = ∂L/∂x̂ = ∂L/∂out · gamma:
    ∂L/∂x = (g − mean(g) − x̂ · mean(g x̂)) / √(σ² + ε), the means along `axis` again.

    Args:
        axis: a whole number or a list of them: along which the mean is taken; never 0 (the batch).
        epsilon: ε, so that nothing is divided by 0.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer: start of beta.
        gamma_initializer: start of gamma.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape and output shape: `(batch, …)`, the same. gamma and beta have the sizes of `axis`.

    Raises:
        ValueError: if the inputs have no such axis, or another size along it than before.

    Source: Ba, Kiros & Hinton 2016; `keras.layers.LayerNormalization`.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        *,
        name=None,
        trainable=True,
    ):
        super().__init__(epsilon, center, scale, beta_initializer, gamma_initializer, name, trainable)
        self.axis = axis

    def call(self, inputs):
        centered = inputs - inputs.mean(axis=self.axes, keepdims=True)
        variance = np.square(centered).mean(axis=self.axes, keepdims=True)
        inverse = 1 / np.sqrt(variance + self.epsilon)  # 1 / √(σ² + ε)
        x_hat = centered * inverse
        self.save(x_hat=x_hat, inverse=inverse)
        return self._scale_and_shift(x_hat)

    def backward(self, grad):
        x_hat = self.saved.x_hat
        self._add_gradients(grad, x_hat)
        if not self.needs_input_gradient:
            return None
        g = grad * self._spread(self.gamma.value) if self.scale else grad
        mean = g.mean(axis=self.axes, keepdims=True)
        return self.saved.inverse * (g - mean - x_hat * (g * x_hat).mean(axis=self.axes, keepdims=True))


class BatchNormalization(_Normalization):
    """Normalize each channel over the batch: x̂ = (x − μ) / √(σ² + ε), out = x̂ · gamma + beta (`keras.layers`).

    In training, μ and σ² are the mean and variance of the batch (over all axes but `axis`), and the moving averages
    follow them: moving ← momentum · moving + (1 − momentum) · batch. Otherwise, and if the layer is frozen, the moving
    averages stand for μ and σ². Where a mask is given, only real steps count for μ and σ².

    Backward in training, with n numbers a channel: ∂L/∂gamma = Σ g x̂ and ∂L/∂beta = Σ g for g = ∂L/∂out, and
    ∂L/∂x = gamma / √(σ² + ε) · (g − (∂L/∂beta + x̂ ∂L/∂gamma) / n). Otherwise it is gamma / √(σ² + ε) · g.

    Args:
        axis: of the channels.
        momentum: how much of the moving averages stays at each step.
        epsilon: ε, so that nothing is divided by 0.
        center: whether there is a beta.
        scale: whether there is a gamma.
        beta_initializer: start of beta `(channels,)`.
        gamma_initializer: start of gamma `(channels,)`.
        moving_mean_initializer: start of the moving mean `(channels,)`.
        moving_variance_initializer: start of the moving variance `(channels,)`.
        name: the layer's name.
        trainable: False freezes the weights and the moving averages.

    Input shape and output shape: `(batch, …)`, the same.

    Raises:
        ValueError: if the inputs have no such axis, or another number of channels than before.

    Source: Ioffe & Szegedy 2015; `keras.layers.BatchNormalization`.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        *,
        name=None,
        trainable=True,
    ):
        super().__init__(epsilon, center, scale, beta_initializer, gamma_initializer, name, trainable)
        self.require(isinstance(axis, int), f"axis must be a whole number, got {axis!r}")
        self.axis, self.momentum = axis, momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        self.moving_mean = self.add_weight("moving_mean", self.sizes, self.moving_mean_initializer, trainable=False)
        self.moving_variance = self.add_weight(
            "moving_variance", self.sizes, self.moving_variance_initializer, trainable=False
        )

    def call(self, inputs, training=False, mask=None):
        learns = training and self.trainable
        weight = count = None
        if learns:
            weight, count = self._weight_and_count(inputs, mask)
            mean = self._sum(inputs, weight) / count
            variance = self._sum(np.square(inputs - self._spread(mean)), weight) / count
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, variance)
        else:
            mean, variance = self.moving_mean.value, self.moving_variance.value
        inverse = self._spread(1 / np.sqrt(variance + self.epsilon))  # 1 / √(σ² + ε)
        x_hat = (inputs - self._spread(mean)) * inverse
        self.save(x_hat=x_hat, inverse=inverse, learns=learns, weight=weight, count=count)
        return self._scale_and_shift(x_hat)

    def _weight_and_count(self, inputs, mask):
        """Return what each number counts for the averages (None: all alike), and how many count."""
        if mask is None:
            return None, inputs.size // self.sizes[0]
        mask = np.asarray(mask, bool)
        self.require(
            mask.shape == inputs.shape[:-1],
            f"mask must have shape {inputs.shape[:-1]}, that of inputs but the last axis; got {mask.shape}",
        )
        weight = np.broadcast_to(mask[..., None], inputs.shape).astype(inputs.dtype)
        return weight, weight.sum(axis=self.other_axes) + config.epsilon()  # as Keras adds it, where nothing counts

    def _sum(self, values, weight):
        """Add up what counts, for each channel."""
        return (values if weight is None else values * weight).sum(axis=self.other_axes)

    def _follow(self, moving, value):
        """Move a moving average towards a value."""
        moving.value = self.momentum * moving.value + (1 - self.momentum) * value

    def backward(self, grad):
        run = self.saved
        gamma_grad, beta_grad = self._add_gradients(grad, run.x_hat)
        if not self.needs_input_gradient:
            return None
        if run.learns:
            x_hat = run.x_hat
            if run.weight is not None:  # Keras' addition to the count takes the mean of x̂ a little away from 0
                x_hat = x_hat - self._spread(self._sum(x_hat, run.weight) / run.count)
            through_batch = self._spread(beta_grad / run.count) + x_hat * self._spread(gamma_grad / run.count)
            grad = grad - (through_batch if run.weight is None else through_batch * run.weight)
        return grad * (run.inverse * self._spread(self.gamma.value) if self.scale else run.inverse)
