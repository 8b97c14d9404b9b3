"""Convolutions of sequences and images, and the layers that pad and enlarge images; channels come last."""

import numpy as np

from .. import initializers, utils
from .base import Activated, Layer
from .windows import Window, crop, pad, per_direction, require_shape


class _Convolution(Activated):
    """What convolutions share: a kernel that slides, and a bias for each output channel.

    A subclass says its `_kernel_shape(channels)` and `_output_channels(channels)`. The arguments are those of Conv2D.
    """

    rank = 2
    paddings = ("valid", "same")
    channels = None  # of the inputs, known once the layer is built

    def __init__(
        self,
        kernel_size,
        strides,
        padding,
        dilation_rate,
        activation,
        use_bias,
        kernel_initializer,
        bias_initializer,
        name,
        trainable,
    ):
        super().__init__(activation, name=name, trainable=trainable)
        owner = type(self).__name__
        self.kernel_size = per_direction(owner, "kernel_size", kernel_size, self.rank)
        self.strides = per_direction(owner, "strides", strides, self.rank)
        self.dilation_rate = per_direction(owner, "dilation_rate", dilation_rate, self.rank)
        self.window = Window(
            self, "kernel_size", self.kernel_size, self.strides, padding, self.dilation_rate, self.paddings
        )
        self.padding = self.window.padding
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape):
        self._output_places(input_shape)  # raises where the shape does not fit
        channels = input_shape[-1]
        self.require(channels is not None, f"inputs must have a known number of channels, got {input_shape}")
        self.channels = channels
        self.kernel = self.add_weight("kernel", self._kernel_shape(channels), self.kernel_initializer)
        outputs = (self._output_channels(channels),)
        self.bias = self.add_weight("bias", outputs, self.bias_initializer) if self.use_bias else None

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._output_places(input_shape), self._output_channels(input_shape[-1]))

    def _output_places(self, input_shape):
        require_shape(self, self.rank, input_shape, self.channels)
        return self.window.output_places(input_shape)

    def _finish(self, z, x):
        """Shape z as the output, add the bias, apply the activation."""
        z = z.reshape(self.compute_output_shape(x.shape))
        if self.use_bias:
            z += self.bias.value
        return self.activate(z, x=x)

    def _add_bias_gradient(self, grad):
        if self.use_bias:
            total = grad.sum(axis=0)  # over records first: long rows of numbers add up fastest
            self.bias.add_gradient(total.reshape(-1, total.shape[-1]).sum(axis=0))


class Conv2D(_Convolution):
    """Slide a small kernel over an image: z[p] = Σₖ x[p · stride + k · dilation] kernel[k] + bias, a = activation(z).

    Each window of the image is one row of a matrix (its patch), so that all places are one product:
    z = patches · kernel + bias. Backward, with δ = ∂L/∂z: ∂L/∂kernel = patchesᵀ δ, ∂L/∂bias = Σ δ over records and
    places; and x[p · stride + k] gets δ[p] kernel[k]ᵀ, for one place k of the kernel after the other, so that
    ∂L/∂patches is never in memory as a whole.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the kernel: one whole number, or two.
        strides: how far the window moves: one whole number, or two.
        padding: `"valid"` (none), or `"same"`: zeros around the image, so that stride 1 keeps its size.
        dilation_rate: distance of neighboring kernel places; not together with strides above 1.
        activation: name, function or None (linear).
        use_bias: whether each filter has a bias.
        kernel_initializer: start of the kernel `(*kernel_size, channels, filters)`.
        bias_initializer: start of the bias `(filters,)`.
        name: the layer's name.
        trainable: False freezes the weights.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, new height, new width, filters)`.

    Raises:
        ValueError: if an argument is none of the above, or the kernel is larger than the image.

    Source: `keras.layers.Conv2D`; LeCun et al. 1998.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        *,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        name=None,
        trainable=True,
    ):
        shared = (activation, use_bias, kernel_initializer, bias_initializer, name, trainable)
        super().__init__(kernel_size, strides, padding, dilation_rate, *shared)
        self.filters = utils.positive_integer(type(self).__name__, "filters", filters)
        self.require(
            max(self.strides) == 1 or max(self.dilation_rate) == 1,
            f"strides and dilation_rate must not both be above 1, got {self.strides} and {self.dilation_rate}",
        )

    def _kernel_shape(self, channels):
        return (*self.kernel_size, channels, self.filters)

    def _output_channels(self, channels):
        return self.filters

    def call(self, inputs):
        patches = self.window.patches(inputs)  # (batch · places, kernel places · channels)
        return self._finish(patches @ self.kernel.value.reshape(-1, self.filters), inputs)

    def backward_sum(self, grad):
        x = self.saved.x
        delta = grad.reshape(-1, self.filters)  # (batch · places, filters)
        # The patches are cut out again: to keep them would take as many times x as the kernel has places.
        self.kernel.add_gradient((self.window.patches(x).T @ delta).reshape(self.kernel.shape))
        self._add_bias_gradient(grad)
        if not self.needs_input_gradient:
            return None
        return self.window.spread(lambda k: delta @ self.kernel.value[k].T, x.shape)


class Conv1D(Conv2D):
    """Slide one small kernel along a sequence: Conv2D with one direction instead of two (`keras.layers.Conv1D`).

    Args:
        filters: number of output channels.
        kernel_size: how many steps the kernel spans.
        strides: how far the window moves.
        padding: `"valid"`, `"same"`, or `"causal"`: zeros before the sequence only, so that no output sees the future.
        dilation_rate, activation, use_bias, kernel_initializer, bias_initializer, name, trainable: as in Conv2D.

    Input shape: `(batch, steps, channels)`. Output shape: `(batch, new steps, filters)`.

    Raises:
        ValueError: if an argument is none of the above, or the kernel is longer than the sequence.
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2DTranspose(_Convolution):
    """Conv2D backward, to make images larger: each pixel puts its multiple of the kernel into the output.

    z[p · stride + k] = Σ x[p] · kernel[k]ᵀ + bias over all p and k that meet there, a = activation(z). Backward,
    with δ = ∂L/∂z cut into patches: ∂L/∂x = patches · kernel, ∂L/∂kernel = patchesᵀ x, ∂L/∂bias = Σ δ.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the kernel: one whole number, or two.
        strides: how many times larger the image becomes: one whole number, or two.
        padding: `"valid"`: size (n − 1) · stride + max(kernel, stride), or `"same"`: size n · stride.
        output_padding: None, or a number below the stride: rows and columns beyond the smallest possible output.
        activation, use_bias, kernel_initializer, bias_initializer, name, trainable: as in Conv2D; the kernel is
            `(*kernel_size, filters, channels)`.

    Input shape: `(batch, height, width, channels)`. Output shape: `(batch, new height, new width, filters)`.

    Raises:
        ValueError: if an argument is none of the above.

    Source: `keras.layers.Conv2DTranspose`; Zeiler et al. 2010. TensorFlow has no dilation here on a CPU.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        *,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        name=None,
        trainable=True,
    ):
        shared = (activation, use_bias, kernel_initializer, bias_initializer, name, trainable)
        super().__init__(kernel_size, strides, padding, 1, *shared)
        self.filters = utils.positive_integer("Conv2DTranspose", "filters", filters)
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = per_direction("Conv2DTranspose", "output_padding", output_padding, 2, least=0)
            self._require_output_padding()

    def _require_output_padding(self):
        for extra, stride, size in zip(self.output_padding, self.strides, self.kernel_size):
            beyond = extra if self.padding == "valid" else extra + size % 2 - 1
            self.require(
                0 <= beyond and extra < stride and beyond < stride,
                f"output_padding {self.output_padding} must be below strides {self.strides}, and with padding 'same' "
                f"above 0 where kernel_size {self.kernel_size} is even",
            )

    def _kernel_shape(self, channels):
        return (*self.kernel_size, self.filters, channels)

    def _output_channels(self, channels):
        return self.filters

    def _output_places(self, input_shape):
        require_shape(self, self.rank, input_shape, self.channels)
        extras = self.output_padding or (None,) * self.rank
        sizes = zip(input_shape[1:-1], self.kernel_size, self.strides, extras)
        return tuple(n and self._output_size(n, k, s, extra) for n, k, s, extra in sizes)

    def _output_size(self, places, kernel, stride, extra):
        if self.padding == "same":
            return places * stride if extra is None else (places - 1) * stride + kernel % 2 + extra
        return (places - 1) * stride + (max(kernel, stride) if extra is None else kernel + extra)

    def call(self, inputs):
        x = inputs.reshape(-1, self.channels)  # (batch · places, channels)
        shape = self.compute_output_shape(inputs.shape)
        return self._finish(self.window.spread(lambda k: x @ self.kernel.value[k].T, shape), inputs)

    def backward_sum(self, grad):
        x = self.saved.x
        patches = self.window.patches(grad)  # (batch · places of x, kernel places · filters)
        self.kernel.add_gradient((patches.T @ x.reshape(-1, self.channels)).reshape(self.kernel.shape))
        self._add_bias_gradient(grad)
        if not self.needs_input_gradient:
            return None
        return (patches @ self.kernel.value.reshape(-1, self.channels)).reshape(x.shape)


class DepthwiseConv2D(_Convolution):
    """Slide a kernel of its own over each channel, and mix none: z[p, c] = Σₖ x[p · stride + k, c] kernel[k, c] + bias.

    Channels do not meet, so there is no matrix product: for each place of the kernel, the part of the image under it
    is multiplied and added. Backward, with δ = ∂L/∂z: ∂L/∂kernel[k] = Σ δ · part, ∂L/∂part = δ · kernel[k].

    Args:
        kernel_size: height and width of the kernel: one whole number, or two.
        strides: how far the window moves: one whole number, or two.
        padding: `"valid"` or `"same"`, as in Conv2D.
        depth_multiplier: number of outputs for each channel.
        dilation_rate: distance of neighboring kernel places.
        activation, use_bias, bias_initializer, name, trainable: as in Conv2D.
        depthwise_initializer: start of the kernel `(*kernel_size, channels, depth_multiplier)`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, new height, new width, channels · depth_multiplier)`.

    Raises:
        ValueError: if an argument is none of the above, or the kernel is larger than the image.

    Source: `keras.layers.DepthwiseConv2D`; Chollet 2017.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        *,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        name=None,
        trainable=True,
    ):
        shared = (activation, use_bias, depthwise_initializer, bias_initializer, name, trainable)
        super().__init__(kernel_size, strides, padding, dilation_rate, *shared)
        self.depth_multiplier = utils.positive_integer("DepthwiseConv2D", "depth_multiplier", depth_multiplier)

    def _kernel_shape(self, channels):
        return (*self.kernel_size, channels, self.depth_multiplier)

    def _output_channels(self, channels):
        return channels * self.depth_multiplier

    def call(self, inputs):
        places = self.compute_output_shape(inputs.shape)[:-1]
        z = np.zeros((*places, self.channels, self.depth_multiplier), inputs.dtype)
        for place, part in self.window.parts(self.window.pad(inputs)):  # (batch, *places, channels)
            z += part[..., None] * self.kernel.value[place]
        return self._finish(z, inputs)

    def backward_sum(self, grad):
        x, kernel_gradient = self.saved.x, np.empty_like(self.kernel.value)
        delta = grad.reshape(*grad.shape[:-1], self.channels, self.depth_multiplier)
        for place, part in self.window.parts(self.window.pad(x)):
            kernel_gradient[place] = np.einsum("bhwc,bhwcm->cm", part, delta)
        self.kernel.add_gradient(kernel_gradient)
        self._add_bias_gradient(grad)
        if not self.needs_input_gradient:
            return None
        return self.window.spread(lambda k: (delta * self.kernel.value[k]).sum(axis=-1), x.shape)


class ZeroPadding2D(Layer):
    """Put rows and columns of zeros around each image (`keras.layers.ZeroPadding2D`).

    Args:
        padding: one whole number for all sides, two for `(height, width)`, or two pairs
            `((top, bottom), (left, right))`.
        name: the layer's name.

    Input shape: `(batch, height, width, channels)`. Output shape: the same with larger height and width.

    Raises:
        ValueError: if padding is none of the above.
    """

    def __init__(self, padding=1, *, name=None):
        super().__init__(name=name)
        sides = tuple(padding) if isinstance(padding, (tuple, list)) else (padding, padding)
        self.require(len(sides) == 2, f"padding must be one whole number, two, or two pairs, got {padding!r}")
        self.padding = tuple(per_direction("ZeroPadding2D", "padding", side, 2, least=0) for side in sides)

    def compute_output_shape(self, input_shape):
        require_shape(self, 2, input_shape)
        places = tuple(n and n + sum(margin) for n, margin in zip(input_shape[1:-1], self.padding))
        return (input_shape[0], *places, input_shape[-1])

    def call(self, inputs):
        return pad(inputs, self.padding)

    def backward(self, grad):
        return crop(grad, self.padding)


class UpSampling2D(Layer):
    """Repeat each row and each column (`keras.layers.UpSampling2D`). Backward: a pixel gets the sum over its copies.

    Args:
        size: how often rows and columns are repeated: one whole number, or two.
        interpolation: `"nearest"`; Keras has others, this layer has not.
        name: the layer's name.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, size · height, size · width, channels)`.

    Raises:
        ValueError: if an argument is none of the above.
    """

    def __init__(self, size=2, *, interpolation="nearest", name=None):
        super().__init__(name=name)
        self.size = per_direction("UpSampling2D", "size", size, 2)
        self.interpolation = interpolation
        utils.lookup("UpSampling2D", "interpolation", interpolation, {"nearest": None})

    def compute_output_shape(self, input_shape):
        require_shape(self, 2, input_shape)
        places = tuple(n and n * times for n, times in zip(input_shape[1:-1], self.size))
        return (input_shape[0], *places, input_shape[-1])

    def call(self, inputs):
        rows, columns = self.size
        return inputs.repeat(rows, axis=1).repeat(columns, axis=2)

    def backward(self, grad):
        batch, height, width, channels = grad.shape
        rows, columns = self.size
        copies = grad.reshape(batch, height // rows, rows, width // columns, columns, channels)
        return copies.sum(axis=(2, 4))
