"""Make the table of all layers in course_utils/nn/README.md: each one run next to its twin in Keras.

`python -m tests.nn.layer_table` writes it; `tests/nn/test_layer_table.py` holds it to the layers that exist.
"""

from pathlib import Path

import numpy as np

from course_utils import bridge, keras_layers, nn, startup
from course_utils.bridge import number_type
from tests.parity import twins

README = Path(nn.__file__).parent / "README.md"
STEPS = 10
HEADING = """# The NumPy mirror of Keras

Every layer below has the names, arguments, defaults, weight shapes and numbers of its twin; what it does not support
raises. A layer is a class with `call` (forward) and, beside it, `backward` (its calculus): read them together.

The table is made by `python -m tests.nn.layer_table`: one small model around each layer, equal random weights, mean
squared error on random targets, then ten steps of SGD in both engines. A cell names the tolerance that outputs and
loss / gradients / weights after training hold: the largest |NumPy − Keras| / max(1, |Keras|).

| `nn.layers` | Keras | float32 | float64 |
|---|---|---|---|
"""

IMAGE, SEQUENCE, VECTOR = (7, 6, 3), (5, 4), (6,)
BOXES = np.array([[[0.125, 0.25, 0.75, 0.875], [0.0, 0.0, 1.0, 1.0]]] * 4)


def on(shape, make):
    """Return a case of one input.

    Args:
        shape: of one record.
        make: function from `K.layers` to a layer.
    """
    return [shape], lambda K, x: make(K.layers)(x)


def merging(name, **arguments):
    """Return a case of two inputs that a layer merges.

    Args:
        name: of the layer.
        **arguments: of the layer.
    """
    return [SEQUENCE, SEQUENCE], lambda K, a, b: getattr(K.layers, name)(**arguments)([a, b])


def roi_align(K, features, boxes):
    """Return RoIAlign of an engine; Keras has none of its own.

    Args:
        K: `nn` or `keras`.
        features: symbolic feature map.
        boxes: symbolic boxes.
    """
    layer = K.layers.RoIAlign(2, name="roi") if K is nn else keras_layers.RoIAlign(2, name="roi")
    return layer([features, boxes])


def positions(K, x):
    """Return PositionEmbedding of an engine on one input; Keras has none of its own.

    Args:
        K: `nn` or `keras`.
        x: symbolic sequence.
    """
    return (K.layers if K is nn else keras_layers).PositionEmbedding(6, name="positions")(x)


OURS = {
    "PositionEmbedding": "`keras_layers.PositionEmbedding` (ours)",
    "RoIAlign": "`keras_layers.RoIAlign` (ours, on `tf.sparse.sparse_dense_matmul`)",
}
CASES = {
    "Activation": on(VECTOR, lambda L: L.Activation("tanh")),
    "Add": merging("Add"),
    "AdditiveAttention": merging("AdditiveAttention"),
    "Attention": merging("Attention", use_scale=True),
    "Average": merging("Average"),
    "AveragePooling1D": on(SEQUENCE, lambda L: L.AveragePooling1D(2)),
    "AveragePooling2D": on(IMAGE, lambda L: L.AveragePooling2D(2, padding="same")),
    "BatchNormalization": on(VECTOR, lambda L: L.BatchNormalization()),
    "Bidirectional": on(SEQUENCE, lambda L: L.Bidirectional(L.LSTM(3, return_sequences=True))),
    "Concatenate": merging("Concatenate"),
    "Conv1D": on(SEQUENCE, lambda L: L.Conv1D(3, 2)),
    "Conv2D": on(IMAGE, lambda L: L.Conv2D(4, 3, strides=2, padding="same")),
    "Conv2DTranspose": on(IMAGE, lambda L: L.Conv2DTranspose(4, 3, strides=2)),
    "Dense": on(VECTOR, lambda L: L.Dense(3, activation="tanh")),
    "DepthwiseConv2D": on(IMAGE, lambda L: L.DepthwiseConv2D(3, depth_multiplier=2)),
    "Dot": merging("Dot", axes=2),
    "Dropout": on(VECTOR, lambda L: L.Dropout(0.0)),
    "Embedding": ([(5,)], lambda K, x: K.layers.Embedding(11, 4, mask_zero=True)(x)),
    "Flatten": on((2, 3, 2), lambda L: L.Flatten()),  # small: "end" adds up all of it, and rounds at each term
    "GRU": on(SEQUENCE, lambda L: L.GRU(3)),
    "GlobalAveragePooling1D": on(SEQUENCE, lambda L: L.GlobalAveragePooling1D()),
    "GlobalAveragePooling2D": on(IMAGE, lambda L: L.GlobalAveragePooling2D()),
    "GlobalMaxPooling1D": on(SEQUENCE, lambda L: L.GlobalMaxPooling1D()),
    "GlobalMaxPooling2D": on(IMAGE, lambda L: L.GlobalMaxPooling2D()),
    "LSTM": on(SEQUENCE, lambda L: L.LSTM(3)),
    "LayerNormalization": on(SEQUENCE, lambda L: L.LayerNormalization()),
    "Masking": on(SEQUENCE, lambda L: L.Masking()),
    "MaxPooling1D": on(SEQUENCE, lambda L: L.MaxPooling1D(2)),
    "MaxPooling2D": on(IMAGE, lambda L: L.MaxPooling2D(2)),
    "Maximum": merging("Maximum"),
    "MultiHeadAttention": ([SEQUENCE, SEQUENCE], lambda K, q, v: K.layers.MultiHeadAttention(2, 3)(q, v)),
    "Multiply": merging("Multiply"),
    "Permute": on(SEQUENCE, lambda L: L.Permute((2, 1))),
    "PositionEmbedding": ([SEQUENCE], positions),
    "RepeatVector": on(VECTOR, lambda L: L.RepeatVector(3)),
    "Reshape": on(SEQUENCE, lambda L: L.Reshape((4, 5))),
    "RoIAlign": ([IMAGE, (2, 4)], roi_align),
    "SimpleRNN": on(SEQUENCE, lambda L: L.SimpleRNN(3)),
    "Softmax": on(SEQUENCE, lambda L: L.Softmax()),
    "SpatialDropout1D": on(SEQUENCE, lambda L: L.SpatialDropout1D(0.0)),
    "Subtract": merging("Subtract"),
    "TimeDistributed": on(SEQUENCE, lambda L: L.TimeDistributed(L.Dense(2))),
    "UpSampling2D": on(IMAGE, lambda L: L.UpSampling2D(2)),
    "ZeroPadding2D": on(IMAGE, lambda L: L.ZeroPadding2D(1)),
}
WHOLE_NUMBERS = {"Embedding"}


def builder(name):
    """Return a function of an engine that makes a model around one layer.

    Every model ends with a Dense layer, so that there is always something to train.

    Args:
        name: of the layer.
    """
    shapes, connect = CASES[name]

    def build(K):
        kind = "int32" if name in WHOLE_NUMBERS else None
        inputs = [K.Input(shape, dtype=kind, name=f"input{i}") for i, shape in enumerate(shapes)]
        output = K.layers.Dense(2, name="end")(connect(K, *inputs))
        model = K.Model(inputs if len(inputs) > 1 else inputs[0], output)
        model.compile(optimizer=K.optimizers.SGD(0.05), loss="mse")
        return model

    return build


def records(name, dtype, rng):
    """Return four records for a case.

    Args:
        name: of the layer.
        dtype: `"float32"` or `"float64"`.
        rng: a `numpy.random.Generator`.
    """
    if name in WHOLE_NUMBERS:
        return rng.integers(0, 11, (4, *CASES[name][0][0]))
    arrays = [rng.normal(size=(4, *shape)).astype(dtype) for shape in CASES[name][0]]
    if name == "RoIAlign":
        arrays[1] = BOXES.astype(dtype)
    return arrays if len(arrays) > 1 else arrays[0]


def compare(name, dtype):
    """Run one layer in both engines.

    Args:
        name: of the layer.
        dtype: `"float32"` or `"float64"`.

    Returns:
        A `bridge.Comparison`.
    """
    rng = np.random.default_rng(0)
    with number_type(dtype):
        ours, theirs = twins(builder(name), rng)
        x = records(name, dtype, rng)
        y = rng.normal(size=ours.predict(x).shape).astype(dtype)
        return bridge.compare(ours, theirs, x, y, steps=STEPS)


def cell(comparison):
    """Return what one comparison held, as text.

    Args:
        comparison: a `bridge.Comparison`.
    """
    if not comparison.agrees:
        return "✗ " + ", ".join(comparison.disagreements)
    held = dict.fromkeys(f"{row.tolerance:.0e}" for row in comparison.rows)
    return " / ".join(held)


def table():
    """Return the whole README."""
    startup.load_keras()
    lines = []
    for name in CASES:
        twin = OURS.get(name, f"`{name}`")
        cells = [cell(compare(name, dtype)) for dtype in ("float32", "float64")]
        lines.append(f"| `{name}` | {twin} | {cells[0]} | {cells[1]} |")
    return HEADING + "\n".join(lines) + "\n"


if __name__ == "__main__":
    README.write_text(table(), encoding="utf-8")
    print(README.read_text(encoding="utf-8"))
