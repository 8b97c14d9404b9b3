"""How fast is NumPy? One training step (forward, backward, update) of each kind of layer, next to Keras.

Run `python benchmarks/layers.py` in the environment of the course; it prints Markdown, as in benchmarks/README.md.
Only ratios are worth comparing: all columns of a row are measured in one run, in short turns. A turn counts by its
fastest step, a column by the median of its turns, a ratio by the median of the ratios of neighboring turns, so that
other work on the machine weighs less, and on both sides. The processor time, of all threads, is measured too: it
hardly depends on other work, but Keras may spend it on two cores at once. NumPy's matrix products use one thread, as in
the course (the launcher sets that); OPENBLAS_NUM_THREADS chooses otherwise.
"""

import gc
import os
import sys
import time
import tracemalloc
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from course_utils import bridge, data, load_keras, nn  # noqa: E402

ROUNDS, SECONDS = 10, 0.1  # each engine's turn takes that many seconds, that many times
RNG = np.random.default_rng(0)


def normal(*shape):
    """Return random numbers in float32.

    Args:
        *shape: of the array.
    """
    return RNG.normal(size=shape).astype("float32")


def mlp(K):
    """784–128–10."""
    return K.Sequential(
        [K.Input((784,)), K.layers.Dense(128, activation="relu"), K.layers.Dense(10, activation="softmax")]
    )


def conv2d(K):
    """One convolution, 3 × 3, 8 → 16 channels."""
    return K.Sequential([K.Input((28, 28, 8)), K.layers.Conv2D(16, 3, activation="relu")])


def lenet(K):
    """Two convolutions with pooling, then three dense layers (LeCun et al. 1998, with ReLU)."""
    L = K.layers
    features = [
        L.Conv2D(6, 5, padding="same", activation="relu"),
        L.MaxPooling2D(2),
        L.Conv2D(16, 5, activation="relu"),
    ]
    head = [L.Dense(120, activation="relu"), L.Dense(84, activation="relu"), L.Dense(10, activation="softmax")]
    return K.Sequential([K.Input((28, 28, 1)), *features, L.MaxPooling2D(2), L.Flatten(), *head])


def recurrent(kind):
    """Return a function of an engine that makes one recurrent layer of 32 units.

    Args:
        kind: `"LSTM"`, `"GRU"` or `"Bidirectional"`.
    """

    def build(K):
        layer = K.layers.Bidirectional(K.layers.LSTM(32)) if kind == "Bidirectional" else getattr(K.layers, kind)(32)
        return K.Sequential([K.Input((None, 16)), layer])

    return build


def attention(K):
    """MultiHeadAttention, 4 heads of 16, of a sequence on itself."""
    x = K.Input((None, 64))
    return K.Model(x, K.layers.MultiHeadAttention(4, 16)(x, x))


def transformer_block(K):
    """Attention and a feed-forward part, each with residual and normalization (Vaswani et al. 2017)."""
    L = K.layers
    x = K.Input((None, 64))
    h = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(4, 16)(x, x)]))
    feed_forward = L.Dense(64)(L.Dense(256, activation="gelu")(h))
    return K.Model(x, L.LayerNormalization()(L.Add()([h, feed_forward])))


def embedding(K):
    """10,000 words as vectors of 64."""
    return K.Sequential([K.Input((None,), dtype="int32"), K.layers.Embedding(10_000, 64)])


def classes(outputs):
    """Return class numbers for outputs `(batch, classes)`.

    Args:
        outputs: array.
    """
    return RNG.integers(0, outputs.shape[-1], len(outputs))


def targets(outputs):
    """Return random targets of the shape of the outputs.

    Args:
        outputs: array.
    """
    return normal(*outputs.shape)


SPARSE = "sparse_categorical_crossentropy"
# name: (builder, loss, (times the batch, times the sequence) → inputs, outputs → labels)
CASES = {
    "MLP 784–128–10, batch 128": (mlp, SPARSE, lambda b, t: normal(128 * b, 784), classes),
    "Conv2D 3×3 8→16, 64×28×28": (conv2d, "mse", lambda b, t: normal(64 * b, 28, 28, 8), targets),
    "LeNet, 64×28×28": (lenet, SPARSE, lambda b, t: normal(64 * b, 28, 28, 1), classes),
    "LSTM 32, 64×50×16": (recurrent("LSTM"), "mse", lambda b, t: normal(64 * b, 50 * t, 16), targets),
    "GRU 32, 64×50×16": (recurrent("GRU"), "mse", lambda b, t: normal(64 * b, 50 * t, 16), targets),
    "Bidirectional(LSTM 32), 64×50×16": (
        recurrent("Bidirectional"),
        "mse",
        lambda b, t: normal(64 * b, 50 * t, 16),
        targets,
    ),
    "MultiHeadAttention 4×16, 64×32×64": (attention, "mse", lambda b, t: normal(64 * b, 32 * t, 64), targets),
    "Transformer block, 64×32×64": (transformer_block, "mse", lambda b, t: normal(64 * b, 32 * t, 64), targets),
    "Embedding 10,000×64, 64×32": (embedding, "mse", lambda b, t: RNG.integers(0, 10_000, (64 * b, 32 * t)), targets),
}
SEQUENCES = [name for name in CASES if any(kind in name for kind in ("LSTM", "GRU", "Attention", "Trans", "Emb"))]


def compiled(build, loss):
    """Return both models with equal weights, compiled.

    Args:
        build: function of an engine.
        loss: name.
    """
    ours, theirs = build(nn), build(load_keras())
    bridge.copy_weights(theirs, ours)
    for K, model in ((nn, ours), (load_keras(), theirs)):
        model.compile(optimizer=K.optimizers.Adam(1e-4), loss=loss)
    return ours, theirs


def keras_step(model, x, y):
    """Return one compiled training step of Keras without arguments (`tf.function`), data already tensors.

    Args:
        model: compiled Keras model.
        x: inputs.
        y: labels.
    """
    import tensorflow as tf

    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    model.optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
        model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return lambda: step().numpy()


def measure(*steps, clock=time.perf_counter):
    """Return how long each step takes, measured in turns after a warm-up.

    Args:
        *steps: functions without arguments.
        clock: function that tells the time in seconds.

    Returns:
        Array `(rounds, steps)`: milliseconds.
    """
    for step in steps:
        step(), step()
    return np.array([[one_turn(step, clock) for step in steps] for _ in range(ROUNDS)])


def one_turn(step, clock):
    """Return the milliseconds of the fastest step of one turn.

    Args:
        step: function without arguments.
        clock: function that tells the time in seconds.
    """
    step()  # wakes this engine's threads after the other's turn
    best, end = np.inf, time.perf_counter() + SECONDS
    while best == np.inf or time.perf_counter() < end:
        start = clock()
        step()
        best = min(best, clock() - start)
    return best * 1000


def medians(turns):
    """Return the median of each column.

    Args:
        turns: array `(rounds, steps)`.
    """
    return np.median(turns, axis=0)


def peak_bytes(step):
    """Return the most memory that NumPy holds at once during a step, beyond what it held before.

    Args:
        step: function without arguments.
    """
    step()
    gc.collect()
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def layer_table():
    """Print milliseconds, ratios and memory of every case."""
    print("| one training step | NumPy ms | Keras compiled ms | `train_on_batch` ms | NumPy / compiled ", end="")
    print("| NumPy / `train_on_batch` | processor time, / compiled | / `train_on_batch` | peak / (input + output) |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name, (build, loss, inputs, labels) in CASES.items():
        ours, theirs = compiled(build, loss)
        x = inputs(1, 1)
        outputs = ours.predict(x, batch_size=len(x))
        y = labels(outputs)
        steps = [partial(ours.train_on_batch, x, y), keras_step(theirs, x, y), partial(theirs.train_on_batch, x, y)]
        turns, work = measure(*steps), measure(*steps, clock=time.process_time)
        memory = peak_bytes(steps[0]) / (x.nbytes + outputs.nbytes)
        ratios = [medians(found[:, :1] / found[:, 1:]) for found in (turns, work)]
        cells = [*medians(turns), *ratios[0], *ratios[1]]
        print(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + f" | {memory:.1f} |", flush=True)


def growth_table(cases, which):
    """Print how many times as long the NumPy step computes when the batch or the sequence grows.

    NumPy works in this one thread, so the thread's own time is what it computes, whatever else the machine does.

    Args:
        cases: names.
        which: `"batch"` or `"sequence length"`.
    """
    print(f"\n| {which} × | " + " | ".join(f"{k}" for k in (1, 2, 4, 8)) + " |")
    print("|---|--:|--:|--:|--:|")
    for name in cases:
        build, loss, inputs, labels = CASES[name]
        ours = build(nn)
        ours.compile(optimizer=nn.optimizers.Adam(1e-4), loss=loss)
        steps = []
        for factor in (1, 2, 4, 8):
            x = inputs(*((factor, 1) if which == "batch" else (1, factor)))
            steps.append(partial(ours.train_on_batch, x, labels(ours.predict(x, batch_size=len(x)))))
        turns = measure(*steps, clock=time.thread_time)
        growth = medians(turns / turns[:, :1])
        print(f"| {name} | " + " | ".join(f"{times:.2f}" for times in growth) + " |", flush=True)


def bare_epoch(x, y, weights, rate=0.5, batch=10):
    """One epoch as a loop over batches with nothing but NumPy: 784–30–10, sigmoid, squared error.

    Args:
        x: digits `(n, 784)`.
        y: one-hot labels `(n, 10)`.
        weights: W_h, b_h, W_o, b_o; changed in place.
        rate: learning rate.
        batch: records an update.
    """
    W_h, b_h, W_o, b_o = weights
    order = np.random.permutation(len(x))
    for start in range(0, len(x), batch):
        chosen = order[start : start + batch]
        xs, ys = x[chosen], y[chosen]
        a = 1 / (1 + np.exp(-(xs @ W_h + b_h)))
        p = 1 / (1 + np.exp(-(a @ W_o + b_o)))
        delta_o = 2 * (p - ys) * p * (1 - p) / p.size
        delta_h = delta_o @ W_o.T * a * (1 - a)
        W_o -= rate * (a.T @ delta_o)
        b_o -= rate * delta_o.sum(0)
        W_h -= rate * (xs.T @ delta_h)
        b_h -= rate * delta_h.sum(0)


def record_epoch(x, y, weights, rate=0.5, batch=10):
    """The same epoch with a loop over the records of a batch, as most tutorials from scratch train.

    Args:
        x: digits `(n, 784)`.
        y: one-hot labels `(n, 10)`.
        weights: W_h, b_h, W_o, b_o; changed in place.
        rate: learning rate.
        batch: records an update.
    """
    W_h, b_h, W_o, b_o = weights
    order = np.random.permutation(len(x))
    for start in range(0, len(x), batch):
        sums = [np.zeros_like(w) for w in weights]
        for i in order[start : start + batch]:
            a = 1 / (1 + np.exp(-(x[i] @ W_h + b_h)))
            p = 1 / (1 + np.exp(-(a @ W_o + b_o)))
            delta_o = 2 * (p - y[i]) * p * (1 - p) / (len(p) * batch)
            delta_h = W_o @ delta_o * a * (1 - a)
            for total, part in zip(sums, (np.outer(x[i], delta_h), delta_h, np.outer(a, delta_o), delta_o)):
                total += part
        for w, total in zip(weights, sums):
            w -= rate * total


def epoch_table():
    """Print one epoch of `fit` on 4,000 digits next to bare loops and to Keras."""

    def build(K):
        hidden, output = K.layers.Dense(30, activation="sigmoid"), K.layers.Dense(10, activation="sigmoid")
        model = K.Sequential([K.Input((784,)), hidden, output])
        model.compile(optimizer=K.optimizers.SGD(0.5), loss="mse")
        return model

    (x, labels), _ = data.load_digits()
    x = x.reshape(len(x), -1).astype("float32") / 255
    y = np.eye(10, dtype="float32")[labels]
    ours, theirs = build(nn), build(load_keras())
    weights = ours.get_weights()
    ways = {
        "`nn` fit": lambda: ours.fit(x, y, batch_size=10, verbose=0),
        "bare NumPy loop over batches": lambda: bare_epoch(x, y, weights),
        "NumPy loop over records": lambda: record_epoch(x, y, weights),
        "Keras fit": lambda: theirs.fit(x, y, batch_size=10, verbose=0),
    }
    turns, work = measure(*ways.values()), measure(*ways.values(), clock=time.process_time)
    print(
        "\n| one epoch, 4,000 digits, 784–30–10, batch 10 | ms | `nn` fit / this | processor time |\n|---|--:|--:|--:|"
    )
    ratios = [medians(found[:, :1] / found) for found in (turns, work)]
    for name, ms, ratio, work_ratio in zip(ways, medians(turns), *ratios):
        print(f"| {name} | {ms:.0f} | {ratio:.2f} | {work_ratio:.2f} |", flush=True)


if __name__ == "__main__":
    np.random.seed(0)
    load_keras().utils.set_random_seed(0)
    layer_table()
    epoch_table()
    growth_table(CASES, "batch")
    growth_table(SEQUENCES, "sequence length")
