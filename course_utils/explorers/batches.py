"""The batch explorer: record by record, mini-batch and full batch, trained side by side. Numbers: notebook 05."""

from functools import cache, lru_cache
from itertools import islice

import numpy as np

from course_utils import nn, plotting

from .base import Explorer
from .batches_runs import BATCH_SIZES, RECORDS, curve, orders, points_per_epoch
from .controls import Choice, Number, seed_number
from .dense_networks import FIRST_WEIGHTS, birds, split
from .dense_networks import build as build_network
from .gradient_descent import OPTIMIZERS
from .perceptron import ALAN, GRETA
from .readout import number

MOST_EPOCHS = 20
LEARNING_RATE = Number("learning_rate", "η", (0.001, 1), 0.05, log=True, help="learning rate")
RATES = LEARNING_RATE.notches({})  # trained together, so that moving the slider is only looking up
BY_EPOCHS, BY_UPDATES = "epochs", "updates"
INITIAL = {"batch_size": 32, "learning_rate": 0.01, "optimizer": "SGD", "by": BY_EPOCHS, "epochs": 1, "seed": 0}


def updates(batch_size, epochs):
    """Count the updates: the last batch of an epoch may be smaller, but it is a batch.

    Args:
        batch_size: records of one update.
        epochs: passes through all records.
    """
    return -(-RECORDS // batch_size) * epochs


def start_weights():
    """Return the weights that every run begins with: those of the network in the notebook."""
    return split(FIRST_WEIGHTS)


@cache
def _keras_epoch(keras, batch_size, optimizer):
    """Return a Keras model, its optimizer, and a function that trains one epoch as one TensorFlow graph."""
    import tensorflow as tf

    model, loss, (kind, arguments) = build_network(keras), keras.losses.BinaryCrossentropy(), OPTIMIZERS[optimizer]
    chosen = getattr(keras.optimizers, kind)(**arguments)
    chosen.build(model.trainable_variables)

    def epoch(x, y):
        def step(begin):
            with tf.GradientTape() as tape:
                value = loss(y[begin : begin + batch_size], model(x[begin : begin + batch_size]))
            chosen.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
            return (begin + batch_size,)

        tf.while_loop(lambda begin: begin < RECORDS, step, [0])

    shapes = [tf.TensorSpec((RECORDS, width), "float32") for width in (3, 1)]
    return model, chosen, tf.function(epoch, autograph=False).get_concrete_function(*shapes)


def _train_with_keras(keras, batch_size, learning_rate, optimizer, seed, epochs):
    x, y = (array.astype("float32") for array in birds())
    model, chosen, epoch = _keras_epoch(keras, batch_size, optimizer)
    model.set_weights(start_weights())
    for variable in chosen.variables:  # a fresh optimizer: no steps made, nothing remembered
        variable.assign(np.zeros(variable.shape))
    chosen.learning_rate = learning_rate
    for order in islice(orders(seed), epochs):
        epoch(keras.ops.convert_to_tensor(x[order]), keras.ops.convert_to_tensor(y[order]))
    return model


def _train_with_nn(batch_size, learning_rate, optimizer, seed, epochs):
    (x, y), model, (kind, arguments) = birds(), build_network(nn), OPTIMIZERS[optimizer]
    model.compile(optimizer=getattr(nn.optimizers, kind)(learning_rate, **arguments), loss="binary_crossentropy")
    model.set_weights(start_weights())
    for order in islice(orders(seed), epochs):
        model.fit(x[order], y[order], batch_size=batch_size, shuffle=False, verbose=0)
    return model


@lru_cache(maxsize=32)
def train(K, batch_size, learning_rate, optimizer, seed, epochs):
    """Train the 3–2–1 network on all birds, binary cross-entropy.

    Args:
        K: `nn` or `keras`.
        batch_size: records of one update.
        learning_rate: η.
        optimizer: a key of OPTIMIZERS.
        seed: of the birds' order.
        epochs: passes through all records.

    Returns:
        `(cost, y_hat)`: the cost J over all birds and the predictions for them `(274, 1)`, both at the end.
    """
    settings = batch_size, learning_rate, optimizer, seed, epochs
    model = _train_with_nn(*settings) if K is nn else _train_with_keras(K, *settings)
    x, y = (array.astype("float32") for array in birds())
    y_hat = np.asarray(model(x))
    return float(K.losses.BinaryCrossentropy()(y, y_hat)), y_hat


def _settings(state):
    return state["learning_rate"], state["optimizer"], state["seed"], state["epochs"]


def arrays(state):
    """Compute what is drawn.

    Args:
        state: dict of the explorer's state.

    Returns:
        Dict: `runs`, for each batch size `(position, cost, right)`, where position counts epochs or updates, both
        `(points,)`; and `chosen`, `by`, `epochs`.
    """
    runs = {}
    for batch_size in BATCH_SIZES:
        cost, y_hat = curve(RATES, batch_size, *_settings(state))
        right = int(((y_hat > 0.5) == birds()[1][:, 0]).sum())
        epochs = np.arange(len(cost)) / points_per_epoch(batch_size)
        scale = 1 if state["by"] == BY_EPOCHS else updates(batch_size, 1)
        runs[batch_size] = epochs * scale, cost, right
    return {"runs": runs, "chosen": state["batch_size"], "by": state["by"], "epochs": state["epochs"]}


def values(K, state):
    """Compute where the chosen run ends.

    Args:
        K: `nn` or `keras`.
        state: dict of the explorer's state.
    """
    cost, y_hat = train(K, state["batch_size"], *_settings(state))
    return {f"J, batch {state['batch_size']}": cost, "ŷ of Greta": y_hat[GRETA, 0], "ŷ of Alan": y_hat[ALAN, 0]}


def one_epoch_more(state):
    """Train one epoch more, up to MOST_EPOCHS.

    Args:
        state: dict of the explorer's state.
    """
    return {**state, "epochs": min(state["epochs"] + 1, MOST_EPOCHS)}


def train_for(epochs):
    """Return an action that trains a number of epochs from the start.

    Args:
        epochs: how many.
    """
    return lambda state: {**state, "epochs": epochs}


def counted(count, thing):
    """Return a count with its noun.

    Args:
        count: whole number.
        thing: the noun in the singular.
    """
    return f"{count:,} {thing}{'s' * (count != 1)}"


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the explorer's state.
        found: result of `arrays(state)`.
    """
    runs = "; ".join(
        f"batch size {size}: {counted(updates(size, state['epochs']), 'update')}, cost {number(cost[-1])}, "
        f"{right} of {RECORDS} birds right"
        for size, (_, cost, right) in found["runs"].items()
    )
    return (
        f"Cost J over all birds after {counted(state['epochs'], 'epoch')} of {state['optimizer']} "
        f"with η = {state['learning_rate']:.4g}. {runs}."
    )


LOOKS = {1: ("blue", "-", ""), 32: ("vermillion", "--", ""), RECORDS: ("green", "-.", "o")}
HIGHEST = 1.3


def draw(figure):
    """Make the artists.

    Args:
        figure: Matplotlib Figure.

    Returns:
        Function `update(arrays)`.
    """
    axes = plotting.large_axes(figure, (0.125, 0.135, 0.845, 0.75), ("", "cost J over all 274 birds"))
    axes.set_ylim(0, HIGHEST)
    lines, notes = {}, {}
    for row, (size, (color, style, marker)) in enumerate(LOOKS.items()):
        look = {"ls": style, "marker": marker, "color": plotting.COLORS[color]}
        (lines[size],) = axes.plot([], [], scalex=False, scaley=False, animated=True, **look)
        height, place = 0.94 - 0.075 * row, {"transform": axes.transAxes}
        notes[size] = plotting.QuickText(axes, 0.13, height, ha="left", **place)
        axes.plot([0.02, 0.11], [height] * 2, lw=2.5, **place, **look)
    title = plotting.QuickText(axes, 0, 1.06, 16, ha="left", va="baseline", weight="bold", transform=axes.transAxes)
    shown = {}

    def update(found):
        for size, (position, cost, right) in found["runs"].items():
            lines[size].set_data(position, cost)
            lines[size].set_linewidth(4 if size == found["chosen"] else 2)
            count = counted(updates(size, found["epochs"]), "update")
            notes[size].set_text(f"batch {size}: {count}, {right} right, J {number(cost[-1])}")
        title.set_text(f"after {counted(found['epochs'], 'epoch')}")
        return _new_axis(axes, found, shown)

    return update


def _new_axis(axes, found, shown):
    """Set up the axis for what is drawn, and return what it depends on."""
    by, end = axis = found["by"], 10 if found["epochs"] <= 10 else MOST_EPOCHS
    if shown.get("axis") == axis:
        return axis
    shown["axis"] = axis
    if by == BY_EPOCHS:
        axes.set_xscale("linear")
        axes.set(xlim=(0, end), xlabel="epochs: how often each bird was seen")
    else:
        axes.set_xscale("symlog", linthresh=1)  # from 1 to thousands
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set(xlim=(0, updates(1, end)), xlabel="updates: how often the weights changed")
    return axis


def batches():
    """Return the batch explorer: the cost of the 3–2–1 network, trained with batches of 1, 32 and all 274 birds.

    All three runs have the same weights at first, the same learning rate, optimizer and order of the birds. "batch" is
    the run that is drawn bold and done again with Keras. A change of η, optimizer or order trains the same number of
    epochs again.

    Returns:
        Explorer.
    """
    sizes = (("1: record by record", 1), ("32: mini-batch", 32), ("274: full batch", RECORDS))
    controls = [
        LEARNING_RATE,
        Choice("optimizer", "optimizer", tuple(OPTIMIZERS), "how an update follows from the slopes"),
        Choice("batch_size", "batch", sizes, "the run that is drawn bold and compared with Keras"),
        Choice("by", "count by", (BY_EPOCHS, BY_UPDATES), "what the horizontal axis counts"),
        seed_number(help="of the birds' order"),
    ]
    actions = {"One epoch more": one_epoch_more, "10 epochs": train_for(10), "20 epochs": train_for(20)}
    return Explorer("Batches", INITIAL, arrays, draw, controls, actions, values, alt, tolerance=1e-4, patience=np.inf)
