"""Pooling: the largest or the mean value of each window, or of the whole image or sequence; channels come last."""

import numpy as np

from .base import Layer
from .windows import Window, crop, per_direction, require_shape


class _Pooling(Layer):
    """What poolings share: a window that slides, each channel by itself. The arguments are those of MaxPooling2D."""

    rank = 2

    def __init__(self, pool_size, strides=None, padding="valid", *, name=None):
        super().__init__(name=name)
        owner = type(self).__name__
        self.pool_size = per_direction(owner, "pool_size", pool_size, self.rank)
        strides = self.pool_size if strides is None else strides
        self.strides = per_direction(owner, "strides", strides, self.rank)
        self.window = Window(self, "pool_size", self.pool_size, self.strides, padding)
        self.padding = self.window.padding

    def compute_output_shape(self, input_shape):
        require_shape(self, self.rank, input_shape)
        return (input_shape[0], *self.window.output_places(input_shape), input_shape[-1])


class MaxPooling2D(_Pooling):
    """Keep the largest value of each window: out[p, c] = maxₖ x[p · stride + k, c] (`keras.layers.MaxPooling2D`).

    Backward: the gradient goes to the place where the largest value was, the first one if there are several.

    Args:
        pool_size: height and width of the window: one whole number, or two.
        strides: how far the window moves; pool_size if None.
        padding: `"valid"`, or `"same"`: margins that are never the largest.
        name: the layer's name.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, new height, new width, channels)`.

    Raises:
        ValueError: if an argument is none of the above, or the window is larger than the image.
    """

    def __init__(self, pool_size=2, strides=None, padding="valid", *, name=None):
        super().__init__(pool_size, strides, padding, name=name)

    def call(self, inputs):
        padded = self.window.pad(inputs, value=-np.inf)
        largest = None
        for _, part in self.window.parts(padded):  # (batch, *places, channels)
            largest = part.copy() if largest is None else np.maximum(largest, part, out=largest)
        self.save(shape=inputs.shape, padded=padded, largest=largest)
        return largest

    def backward(self, grad):
        padded, largest = self.saved.padded, self.saved.largest
        slopes = np.zeros_like(padded)
        searching = np.ones(grad.shape, bool)  # which windows have not met their largest value yet
        for (_, part), (_, slope) in zip(self.window.parts(padded), self.window.parts(slopes)):
            found = searching & (part == largest)
            slope += grad * found
            searching ^= found
        return crop(slopes, self.window.margins(self.saved.shape[1:-1]))


class MaxPooling1D(MaxPooling2D):
    """Keep the largest value of each window of a sequence (`keras.layers.MaxPooling1D`); see MaxPooling2D.

    Args:
        pool_size: how many steps the window spans.
        strides, padding, name: as in MaxPooling2D.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new steps, channels)`.

    Raises:
        ValueError: if an argument is none of the above, or the window is longer than the sequence.
    """

    rank = 1


class AveragePooling2D(_Pooling):
    """Take the mean of each window: out[p, c] = Σₖ x[p · stride + k, c] / places (`keras.layers.AveragePooling2D`).

    Margins do not count as places. Backward: every place of a window gets grad / places.

    Args:
        pool_size: height and width of the window: one whole number, or two.
        strides: how far the window moves; pool_size if None.
        padding: `"valid"` or `"same"`.
        name: the layer's name.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, new height, new width, channels)`.

    Raises:
        ValueError: if an argument is none of the above, or the window is larger than the image.
    """

    def call(self, inputs):
        total = self._sum_of_windows(inputs)
        places = self._sum_of_windows(np.ones((1, *inputs.shape[1:-1], 1), inputs.dtype))
        self.save(shape=inputs.shape, places=places)
        return np.divide(total, places, out=total)

    def _sum_of_windows(self, x):
        parts = [part for _, part in self.window.parts(self.window.pad(x))]
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        return total

    def backward(self, grad):
        share = grad / self.saved.places
        return self.window.spread(lambda place: share, self.saved.shape)


class AveragePooling1D(AveragePooling2D):
    """Take the mean of each window of a sequence (`keras.layers.AveragePooling1D`); see AveragePooling2D.

    Args:
        pool_size: how many steps the window spans.
        strides, padding, name: as in AveragePooling2D.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new steps, channels)`.

    Raises:
        ValueError: if an argument is none of the above, or the window is longer than the sequence.
    """

    rank = 1


class _GlobalPooling(Layer):
    """What global poolings share: one value for each channel. The arguments are those of GlobalAveragePooling2D."""

    rank = 2

    def __init__(self, *, keepdims=False, name=None):
        super().__init__(name=name)
        self.keepdims = keepdims
        self.axes = tuple(range(1, self.rank + 1))

    def compute_output_shape(self, input_shape):
        require_shape(self, self.rank, input_shape)
        return (input_shape[0], *(1,) * (self.rank * self.keepdims), input_shape[-1])

    def _with_places(self, values):
        """Give `(batch, channels)` back the axes of the places, each of size 1."""
        return values.reshape(len(values), *(1,) * self.rank, values.shape[-1])


class GlobalAveragePooling2D(_GlobalPooling):
    """Take the mean of each channel over the whole image: out[c] = Σₚ x[p, c] / places.

    Backward: every place gets grad / places.

    Args:
        keepdims: whether the output keeps height and width, as 1.
        name: the layer's name.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, channels)`.

    Source: `keras.layers.GlobalAveragePooling2D`; Lin et al. 2013.
    """

    def call(self, inputs):
        self.save(shape=inputs.shape)
        return inputs.mean(axis=self.axes, keepdims=self.keepdims)

    def backward(self, grad):
        shape = self.saved.shape
        places = np.prod(shape[1:-1], dtype=grad.dtype)
        return np.broadcast_to(self._with_places(grad / places), shape)


class GlobalAveragePooling1D(GlobalAveragePooling2D):
    """Take the mean of each channel over the whole sequence, masked steps left out: out[c] = Σₜ mₜ x[t, c] / Σₜ mₜ.

    A sequence whose steps are all masked has no mean: the output is NaN, as in Keras.

    Args:
        keepdims: whether the output keeps the steps, as 1.
        name: the layer's name.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, channels)`.

    Source: `keras.layers.GlobalAveragePooling1D`.
    """

    rank = 1
    supports_masking = True

    def compute_mask(self, inputs, mask):
        return None  # there are no steps left

    def call(self, inputs, mask=None):
        if mask is None:
            self.save(shape=inputs.shape, real=None)
            return inputs.mean(axis=1, keepdims=self.keepdims)
        real = np.asarray(mask, bool)[..., None]  # (batch, steps, 1)
        steps = real.sum(axis=1, keepdims=True, dtype=inputs.dtype)
        self.save(real=real, steps=steps)
        with np.errstate(invalid="ignore"):
            mean = np.where(real, inputs, 0).sum(axis=1, keepdims=True) / steps
        return mean if self.keepdims else mean[:, 0]

    def backward(self, grad):
        if self.saved.real is None:
            return super().backward(grad)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = self._with_places(grad) / self.saved.steps
        return np.where(self.saved.real, share, 0)


class GlobalMaxPooling2D(_GlobalPooling):
    """Keep the largest value of each channel over the whole image: out[c] = maxₚ x[p, c].

    Backward: the gradient goes to where the largest value was, in equal shares if it was in several places.

    Args:
        keepdims: whether the output keeps height and width, as 1.
        name: the layer's name.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, channels)`.

    Source: `keras.layers.GlobalMaxPooling2D`.
    """

    def call(self, inputs):
        largest = inputs.max(axis=self.axes, keepdims=True)
        self.save(x=inputs, largest=largest)
        return largest if self.keepdims else largest.reshape(len(inputs), -1)

    def backward(self, grad):
        at = self.saved.x == self.saved.largest
        share = self._with_places(grad) / at.sum(axis=self.axes, keepdims=True, dtype=grad.dtype)
        return at * share


class GlobalMaxPooling1D(GlobalMaxPooling2D):
    """Keep the largest value of each channel over the whole sequence; see GlobalMaxPooling2D.

    Args:
        keepdims: whether the output keeps the steps, as 1.
        name: the layer's name.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, channels)`.

    Source: `keras.layers.GlobalMaxPooling1D`.
    """

    rank = 1
