"""RoIAlign: cut boxes of any size out of a feature map, all to one size."""

import numpy as np

from .. import utils
from .base import Layer
from .windows import per_direction


class RoIAlign(Layer):
    """Cut boxes out of a feature map: out[n, p, q] = Σ_h Σ_w Y[n, p, h] X[n, q, w] features[h, w].

    A box is divided into pool_size cells, and each cell into sampling_ratio × sampling_ratio points. The value at a
    point lies between the four pixels around it (bilinear), a cell is the mean of its points. Both are sums along
    rows and columns, so Y holds how much of each row h goes to cell p, and X the same for columns. Nothing is rounded.
    Outside of the map, points less than a pixel away take the value of its edge, those beyond are 0.

    Backward: ∂L/∂features[h, w] = Σ_n Σ_p Σ_q Y[n, p, h] X[n, q, w] ∂L/∂out[n, p, q]. The boxes get no gradient.

    Args:
        pool_size: rows and columns of cells: one whole number, or two.
        sampling_ratio: points in a cell along each direction.
        name: the layer's name.

    Input shape: a list of two: features `(batch, height, width, channels)` and boxes `(batch, boxes, 4)`, each box
        (y1, x1, y2, x2), where 0 is the upper or left edge of the image and 1 the lower or right one.
    Output shape: `(batch, boxes, *pool_size, channels)`.

    Raises:
        ValueError: if an argument or a shape is none of the above.

    Source: He et al. 2017. Keras has no such layer; `course_utils.keras_layers.RoIAlign` makes one of a
        sparse matrix.
    """

    def __init__(self, pool_size=7, sampling_ratio=2, *, name=None):
        super().__init__(name=name)
        self.pool_size = per_direction("RoIAlign", "pool_size", pool_size, 2)
        self.sampling_ratio = utils.positive_integer("RoIAlign", "sampling_ratio", sampling_ratio)

    def compute_output_shape(self, input_shape):
        two = isinstance(input_shape, (list, tuple)) and [np.ndim(shape) for shape in input_shape] == [1, 1]
        fits = two and [len(shape) for shape in input_shape] == [4, 3] and input_shape[1][-1] == 4
        self.require(
            fits and input_shape[0][0] == input_shape[1][0],
            "inputs must be [features (batch, height, width, channels), boxes (batch, boxes, 4)] of one batch, "
            f"got {input_shape}",
        )
        features, boxes = input_shape
        return (*boxes[:2], *self.pool_size, features[-1])

    def call(self, inputs):
        features, boxes = inputs
        batch, height, width, channels = features.shape
        y1, x1, y2, x2 = np.moveaxis(boxes, -1, 0)  # (batch, boxes) each
        rows = self._shares(y1, y2, self.pool_size[0], height)  # (batch, boxes, p, height)
        columns = self._shares(x1, x2, self.pool_size[1], width)[:, :, None]  # (batch, boxes, 1, q, width)
        self.save(rows=rows, columns=columns, shape=features.shape, boxes=boxes)
        lines = rows.reshape(batch, -1, height) @ features.reshape(batch, height, -1)  # (batch, boxes · p, …)
        return columns @ lines.reshape(*rows.shape[:3], width, channels)

    def _shares(self, start, end, cells, size):
        """How much of each of `size` pixels goes to each cell between start and end, along one direction."""
        points = (np.arange(cells * self.sampling_ratio) + 0.5) / (cells * self.sampling_ratio)
        points = points.astype(start.dtype)
        at = (start[..., None] + (end - start)[..., None] * points) * size - 0.5  # pixel i has its center at i
        near = (at >= -1) & (at <= size)
        distances = np.abs(np.clip(at, 0, size - 1)[..., None] - np.arange(size, dtype=start.dtype))
        shares = np.maximum(1 - distances, 0) * near[..., None]  # (batch, boxes, points, size)
        return shares.reshape(*start.shape, cells, self.sampling_ratio, size).mean(axis=3)

    def backward(self, grad):
        rows, columns, shape = self.saved.rows, self.saved.columns, self.saved.shape
        lines = np.swapaxes(columns, -1, -2) @ grad  # (batch, boxes, p, width, channels)
        rows = rows.reshape(shape[0], -1, shape[1])  # (batch, boxes · p, height)
        features = np.swapaxes(rows, -1, -2) @ lines.reshape(*rows.shape[:2], shape[2] * shape[3])
        return [features.reshape(shape), np.zeros_like(self.saved.boxes)]
