"""Layers that Keras does not have, made of TensorFlow operations: twins for layers of `nn` that have none."""

from . import startup


def RoIAlign(pool_size=7, sampling_ratio=2, name="roi_align"):
    """Return a Keras layer that cuts boxes out of a feature map as `nn.layers.RoIAlign` does.

    `tf.image.crop_and_resize` takes the points, average pooling makes cells of them. It counts from the center of the
    first pixel to that of the last one, and puts 0 outside: so the map gets an edge of one pixel, and the boxes move.

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
            batch, count = tf.shape(boxes)[0], tf.shape(boxes)[1]
            flat = _moved(tf.stop_gradient(tf.reshape(boxes, (-1, 4))), tf.shape(features)[1:3])
            edged = tf.pad(features, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
            records = tf.repeat(tf.range(batch), count)
            crops = tf.image.crop_and_resize(edged, flat, records, points)
            pooled = tf.nn.avg_pool2d(crops, sampling_ratio, sampling_ratio, "VALID")
            return tf.cast(tf.reshape(pooled, (batch, count, *cells, features.shape[-1])), features.dtype)

        def compute_output_shape(self, input_shape):
            features, boxes = input_shape
            return (*boxes[:2], *cells, features[-1])

    def _moved(boxes, size):
        """Turn boxes into those whose first and last point crop_and_resize shall take, edge included."""
        size = tf.cast(size, boxes.dtype)
        start, end = boxes[:, :2] * size, boxes[:, 2:] * size
        half_step = (end - start) / tf.constant(points, boxes.dtype) / 2
        first, last = start + half_step + 0.5, end - half_step + 0.5
        return tf.concat([first, last], axis=1) / tf.tile(size + 1, [2])

    return _RoIAlign(name=name)


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
