"""Layers that Keras does not have, made of TensorFlow operations: twins for layers of `nn` that have none."""

from . import startup


def RoIAlign(pool_size=7, sampling_ratio=2, name="roi_align"):
    """Return a Keras layer that cuts boxes out of a feature map as `nn.layers.RoIAlign` does.

    Each point has four pixels around it, and takes a share of each: one row of a sparse matrix, with four entries,
    times all pixels of the batch. Average pooling makes cells of the points. It computes in the layer's own dtype,
    which `tf.image.crop_and_resize` does not.

    Args:
        pool_size: rows and columns of cells: one whole number, or two.
        sampling_ratio: points in a cell along each direction.
        name: the layer's name.

    Returns:
        A Keras layer for `[features, boxes]`, shapes `(batch, height, width, channels)` and `(batch, boxes, 4)`.
    """
    keras = startup.load_keras()
    import tensorflow as tf

    cells = tuple(pool_size) if isinstance(pool_size, (tuple, list)) else (pool_size, pool_size)
    points = tuple(count * sampling_ratio for count in cells)

    class _RoIAlign(keras.layers.Layer):
        def call(self, inputs):
            features, boxes = inputs
            batch, height, width, _ = tf.unstack(tf.shape(features, tf.int64))
            y1, x1, y2, x2 = tf.unstack(tf.stop_gradient(boxes), axis=-1)
            rows, row_shares = _neighbors(tf, y1, y2, points[0], height)
            columns, column_shares = _neighbors(tf, x1, x2, points[1], width)
            rows += tf.range(batch)[:, None, None, None] * height  # counted on from image to image
            pixels = rows[:, :, :, None, :, None] * width + columns[:, :, None, :, None, :]
            shares = row_shares[:, :, :, None, :, None] * column_shares[:, :, None, :, None, :]
            pixels, shares = tf.reshape(pixels, [-1]), tf.reshape(shares, [-1])  # four to each point
            count, channels = tf.size(pixels, tf.int64) // 4, features.shape[-1]
            places = tf.stack([tf.repeat(tf.range(count), 4), pixels], axis=1)
            matrix = tf.SparseTensor(places, shares, tf.stack([count, batch * height * width]))
            values = tf.sparse.sparse_dense_matmul(matrix, tf.reshape(features, (-1, channels)))
            values = tf.reshape(values, (-1, *points, channels))
            pooled = tf.nn.avg_pool2d(values, sampling_ratio, sampling_ratio, "VALID")
            return tf.reshape(pooled, (batch, tf.shape(boxes, tf.int64)[1], *cells, channels))

        def compute_output_shape(self, input_shape):
            features, boxes = input_shape
            return (*boxes[:2], *cells, features[-1])

    return _RoIAlign(name=name)


def _neighbors(tf, start, end, count, size):
    """Give the two of `size` pixels beside each of `count` points from start to end, and the share of each.

    Both are `(batch, boxes, count, 2)`. A point outside takes the edge if it is less than a pixel away, else nothing.
    """
    size = tf.cast(size, start.dtype)
    steps = (tf.range(count, dtype=start.dtype) + 0.5) / count
    at = (start[..., None] + (end - start)[..., None] * steps) * size - 0.5  # pixel i has its center at i
    near = tf.cast((at >= -1) & (at <= size), at.dtype)
    at = tf.clip_by_value(at, 0, size - 1)
    below = tf.floor(at)
    pixels = tf.stack([below, tf.minimum(below + 1, size - 1)], axis=-1)
    shares = tf.stack([below + 1 - at, at - below], axis=-1)
    return tf.cast(pixels, tf.int64), shares * near[..., None]


def PositionEmbedding(sequence_length, initializer="glorot_uniform", name="position_embedding"):
    """Return a Keras layer that gives a vector for every place in a sequence as `nn.layers.PositionEmbedding` does.

    Args:
        sequence_length: the longest sequence that it has vectors for.
        initializer: start of the vectors `(sequence_length, features)`.
        name: the layer's name.

    Returns:
        A Keras layer for arrays `(batch, time, features)`; what comes out has the same shape.
    """
    keras = startup.load_keras()

    class _PositionEmbedding(keras.layers.Layer):
        supports_masking = True

        def build(self, input_shape):
            shape = (sequence_length, input_shape[-1])
            self.position_embeddings = self.add_weight(shape=shape, initializer=initializer, name="position_embeddings")

        def call(self, inputs):
            shape = keras.ops.shape(inputs)
            return keras.ops.broadcast_to(self.position_embeddings[: shape[1]], shape)

    return _PositionEmbedding(name=name)
