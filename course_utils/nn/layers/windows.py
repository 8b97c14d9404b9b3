"""A window that slides over images or sequences: what convolution and pooling share."""

import numpy as np

from .. import utils

_PLACES = {1: "steps", 2: "height, width"}


def per_direction(owner, argument, value, rank, least=1):
    """Return one whole number for each direction: `3` means the same in all of them.

    Args:
        owner: who asks, for the message, such as `"Conv2D"`.
        argument: the name of the argument.
        value: a whole number, or as many as there are directions.
        rank: number of directions: 1 for sequences, 2 for images.
        least: the smallest number allowed.

    Returns:
        Tuple of `rank` ints.

    Raises:
        ValueError: for anything else.
    """
    numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= least for n in numbers)
    if len(numbers) != rank or not whole:
        wanted = f"a whole number of at least {least}" + (f", or {rank} of them" if rank > 1 else "")
        raise ValueError(f"{owner}: {argument} must be {wanted}, got {value!r}")
    return tuple(int(n) for n in numbers)


def require_shape(layer, rank, input_shape, channels=None):
    """Stop unless inputs are sequences (rank 1) or images (rank 2) with channels last.

    Args:
        layer: the Layer that asks.
        rank: number of directions.
        input_shape: what came.
        channels: how many channels there must be; any number if None.

    Raises:
        ValueError: if the shape does not fit.
    """
    expected = f"(batch, {_PLACES[rank]}, {channels or 'channels'})"
    fits = isinstance(input_shape, tuple) and len(input_shape) == rank + 2
    fits = fits and 0 not in input_shape[1:] and (channels is None or input_shape[-1] == channels)
    layer.require(fits, f"inputs must have shape {expected}, got {input_shape}")


class Window:
    """A window that slides over the places of `(batch, *places, channels)`, `strides` places at a time.

    Windows at n places of a direction: ⌊(n − extent) / stride⌋ + 1, with extent = (size − 1) · dilation + 1.
    Padding `"valid"` adds nothing; `"same"` adds a margin so that there are ⌈n / stride⌉ windows, the odd place
    after the input; `"causal"` puts the whole margin before the input, so that no window looks ahead.

    Args:
        layer: the Layer whose window it is, for messages.
        argument: what that layer calls the size, such as `"kernel_size"`.
        size: tuple, places in the window for each direction.
        strides: tuple.
        padding: `"valid"`, `"same"` or `"causal"`.
        dilation: tuple, distance of neighboring places in the window.
        paddings: which of the paddings the layer knows.

    Raises:
        ValueError: for another padding.
    """

    def __init__(self, layer, argument, size, strides, padding, dilation=None, paddings=("valid", "same")):
        owner = type(layer).__name__
        padding = padding.lower() if isinstance(padding, str) else padding
        utils.lookup(owner, "padding", padding, dict.fromkeys(paddings))
        self.layer, self.argument, self.padding = layer, argument, padding
        self.rank, self.size, self.strides = len(size), size, strides
        self.dilation = dilation or (1,) * len(size)
        self.extent = tuple((k - 1) * d + 1 for k, d in zip(self.size, self.dilation))

    def output_places(self, input_shape):
        """Return how many windows there are in each direction.

        Args:
            input_shape: `(batch, *places, channels)`; places may be None.

        Returns:
            Tuple; None where the number of places is None.

        Raises:
            ValueError: if the window is larger than the input.
        """
        places = input_shape[1:-1]
        fits = self.padding != "valid" or all(n is None or n >= e for n, e in zip(places, self.extent))
        spread = f", which with its dilation spans {self.extent}," if self.extent != self.size else ""
        self.layer.require(
            fits,
            f"{self.argument} {self.size}{spread} must not be larger than the inputs ({_PLACES[self.rank]}), "
            f"got inputs of shape {input_shape}",
        )
        sizes = zip(places, self.extent, self.strides)
        return tuple(n and (sum(self._margin(n, e, s)) + n - e) // s + 1 for n, e, s in sizes)

    def _margin(self, places, extent, stride):
        """Places added before and after, in one direction."""
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return extent - 1, 0
        windows = -(-places // stride)
        missing = max((windows - 1) * stride + extent - places, 0)
        return missing // 2, missing - missing // 2

    def margins(self, places):
        """Return the places that padding adds in each direction.

        Args:
            places: tuple, the size of the input in each direction.

        Returns:
            Tuple of pairs `(before, after)`.
        """
        return tuple(map(self._margin, places, self.extent, self.strides))

    def pad(self, x, value=0):
        """Add the margins.

        Args:
            x: array `(batch, *places, channels)`.
            value: what the margins hold.

        Returns:
            A larger array; x itself if there is nothing to add.
        """
        return pad(x, self.margins(x.shape[1:-1]), value)

    def parts(self, padded):
        """Yield, for each place in the window, that place and what all windows together see there.

        Args:
            padded: array `(batch, *places, channels)`, margins included.

        Returns:
            Pairs `(place, view)`: a tuple of ints, and a view `(batch, *windows, channels)` of `padded`.
        """
        counts = [(n - e) // s + 1 for n, e, s in zip(padded.shape[1:-1], self.extent, self.strides)]
        for place in np.ndindex(*self.size):
            seen = [
                slice(i * d, i * d + (count - 1) * s + 1, s)
                for i, d, s, count in zip(place, self.dilation, self.strides, counts)
            ]
            yield place, padded[(slice(None), *seen)]

    def patches(self, x):
        """Return what each window sees as a row of numbers.

        Args:
            x: array `(batch, *places, channels)`.

        Returns:
            Array `(batch · windows, places in a window · channels)`.
        """
        axes = tuple(range(1, self.rank + 1))
        views = np.lib.stride_tricks.sliding_window_view(self.pad(x), self.extent, axis=axes)
        steps = [slice(None, None, s) for s in self.strides]
        views = views[(slice(None), *steps, slice(None), *(slice(None, None, d) for d in self.dilation))]
        views = np.moveaxis(views, self.rank + 1, -1)  # (batch, *windows, *size, channels)
        return views.reshape(-1, np.prod(self.size) * x.shape[-1])

    def spread(self, values, shape):
        """Add numbers to the places that windows saw: `patches` backward.

        Args:
            values: function of a place in the window that returns an array `(batch · windows, channels)`.
            shape: `(batch, *places, channels)` of the result, without margins.

        Returns:
            Array of that shape; numbers add up where windows overlap.
        """
        margins = self.margins(shape[1:-1])
        places = [n + before + after for n, (before, after) in zip(shape[1:-1], margins)]
        padded = np.zeros((shape[0], *places, shape[-1]), self.layer.dtype)
        for place, part in self.parts(padded):
            part += values(place).reshape(part.shape)
        return crop(padded, margins)


def pad(x, margins, value=0):
    """Put places around an array.

    Args:
        x: array `(batch, *places, channels)`.
        margins: pairs `(before, after)`, one for each direction.
        value: what the margins hold.

    Returns:
        A larger array; x itself if there is nothing to add.
    """
    if not any(map(any, margins)):
        return x
    places = [n + before + after for n, (before, after) in zip(x.shape[1:-1], margins)]
    padded = np.full((len(x), *places, x.shape[-1]), value, x.dtype)
    crop(padded, margins)[...] = x
    return padded


def crop(x, margins):
    """Take margins away: `pad` backward.

    Args:
        x: array `(batch, *places, channels)`.
        margins: pairs `(before, after)`, one for each direction.

    Returns:
        A view of x.
    """
    inner = [slice(before, n - after) for n, (before, after) in zip(x.shape[1:-1], margins)]
    return x[(slice(None), *inner)]
