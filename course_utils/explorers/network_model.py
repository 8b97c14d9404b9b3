"""What the network view computes: from its state, a small dict of plain values, to numbers, in either engine."""

from functools import cache

import numpy as np

from course_utils import nn

from .dense_networks import (
    build,
    join,
    layer_names,
    loss_and_gradients,
    neuron_name,
    random_weights,
    records,
    split,
    weights_by_name,
)
from .gradient_descent import OPTIMIZERS

LOSSES = {"mean squared error": "MeanSquaredError", "binary cross-entropy": "BinaryCrossentropy"}
KERAS_SLOTS = {"m": ("momentums", "_momentums"), "v": ("_velocities",)}  # where Keras keeps what `nn` calls m and v
SHOWN = "record shown"  # the batch that is the one record in the picture
POINTS = 200  # of the curve, at most


def sizes_of(state):
    """Return the neurons of each layer, inputs first.

    Args:
        state: dict of the view's state; its `hidden` is such as "2" or "3–2".
    """
    return (records(state["data"]).x.shape[1], *map(int, state["hidden"].split("–")), 1)


def weights_of(state):
    """Return all weights as one row, in the order of `weights_by_name`.

    Args:
        state: dict of the view's state.
    """
    return np.array([state[path] for path in weights_by_name(sizes_of(state))])


def with_weights(state, flat):
    """Return the state with other weights.

    Args:
        state: dict of the view's state.
        flat: row of numbers in the order of `weights_by_name`.
    """
    return {**state, **dict(zip(weights_by_name(sizes_of(state)), map(float, flat)))}


def record_of(state):
    """Return the record that is shown, as a batch of one: `(x, y)` of shapes `(1, features)` and `(1, 1)`.

    Args:
        state: dict of the view's state.
    """
    chosen = records(state["data"])
    position = chosen.named[state["record"]]
    return chosen.x[[position]], chosen.y[[position]]


_model = cache(build)


@cache
def _step_model(K, sizes, activation):
    """The network with the two steps of each neuron as two layers, so that z can be seen in either engine."""
    *hidden, output = layer_names(sizes)
    activations = dict.fromkeys(hidden, activation) | {output: "sigmoid"}
    layers = [K.Input(shape=(sizes[0],))]
    for units, (name, function) in zip(sizes[1:], activations.items()):
        layers += [K.layers.Dense(units, name=f"{name}_sum"), K.layers.Activation(function, name=name)]
    return K.Sequential(layers)


def forward(K, state, x):
    """Compute every z and every activation.

    Args:
        K: `nn` or `keras`.
        state: dict of the view's state.
        x: records `(n, features)`.

    Returns:
        List with a pair `(z, a)` for each layer that has weights, arrays `(n, units)`.
    """
    sizes = sizes_of(state)
    model = _step_model(K, sizes, state["activation"])
    model.set_weights(split(weights_of(state), sizes))
    found, array = [], np.asarray(x, "float32")
    with np.errstate(all="ignore"):
        for layer in model.layers:
            array = layer(array)
            found.append(np.asarray(array))
    return list(zip(found[::2], found[1::2]))


def neuron_steps(state, passed):
    """List the two steps of every neuron in the order in which they are computed.

    Args:
        state: dict of the view's state.
        passed: result of `forward`; its first record is taken.

    Returns:
        List of `(name, layer, position, value)`: z and a of the first neuron, then of the next; layers count from 1.
    """
    sizes, steps = sizes_of(state), []
    for layer, (z, a) in enumerate(passed, start=1):
        for i in range(sizes[layer]):
            name = neuron_name(sizes, layer, i)
            steps += [(f"z of {name}", layer, i, z[0, i]), (name, layer, i, a[0, i])]
    return steps


def one_record(state):
    """Return whether an update learns from nothing but the record that is shown.

    Args:
        state: dict of the view's state.
    """
    return state["mode"] == "backward" or state["batch"] == SHOWN


def batch_size(state):
    """Return how many records an update takes.

    Args:
        state: dict of the view's state.
    """
    if one_record(state):
        return 1
    return len(records(state["data"]).x) if state["batch"] == "all" else int(state["batch"])


def batch_of(state, updates):
    """Return the records of one update: each epoch takes them all once, in an order of its own.

    Args:
        state: dict of the view's state.
        updates: how many have been made before it.

    Returns:
        `(x, y)`: arrays `(batch, features)` and `(batch, 1)`.
    """
    if one_record(state):
        return record_of(state)
    x, y = records(state["data"])[:2]
    size = batch_size(state)
    epoch, place = divmod(updates, updates_per_epoch(state))
    order = _order(state["seed"], epoch, len(x))[place * size : (place + 1) * size]
    return x[order], y[order]


@cache
def _order(seed, epoch, count):
    return np.random.default_rng([seed, epoch]).permutation(count)


def updates_per_epoch(state):
    """Return how many updates one pass through all records takes.

    Args:
        state: dict of the view's state.
    """
    return 1 if one_record(state) else -(-len(records(state["data"]).x) // batch_size(state))


def _optimizer(K, state):
    kind, arguments = OPTIMIZERS[state["optimizer"]]
    return getattr(K.optimizers, kind)(state["learning_rate"], **arguments)


def _remembered(optimizer, variables, state):
    """Give a new optimizer of `nn` what the one of the state remembers: the count of updates and its slots."""
    optimizer.iterations = state["updates"]
    shapes = [variable.value.shape for variable in variables]
    for slot, flat in state["slots"].items():
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        for variable, part, shape in zip(variables, np.split(np.array(flat), ends[:-1]), shapes):
            optimizer.state_of(variable)[slot][...] = part.reshape(shape)


def train(state, updates):
    """Make some updates with NumPy.

    Args:
        state: dict of the view's state.
        updates: how many.

    Returns:
        The new state: weights, what the optimizer remembers, the count of updates, and the curve of the cost.
    """
    sizes = sizes_of(state)
    model = _model(nn, sizes, state["activation"])
    model.set_weights(split(weights_of(state), sizes))
    optimizer = _optimizer(nn, state)
    model.compile(optimizer=optimizer, loss=getattr(nn.losses, LOSSES[state["loss"]])())
    variables = model.trainable_weights
    _remembered(optimizer, variables, state)
    with np.errstate(all="ignore"):
        for made in range(state["updates"], state["updates"] + updates):
            model.train_on_batch(*batch_of(state, made))
    slots = {slot: join(optimizer.state_of(v)[slot] for v in variables).tolist() for slot in optimizer.slots}
    new = with_weights(state, join(model.get_weights()))
    new |= {"updates": state["updates"] + updates, "slots": slots}
    curve = [*(state["curve"] or [[state["updates"], cost(state)]]), [new["updates"], cost(new)]]
    return {**new, "curve": curve if len(curve) <= POINTS else curve[:-1:2] + curve[-1:]}


def cost(state):
    """Return the mean loss of the records that the network learns from: J, or L where it is the one record shown.

    Args:
        state: dict of the view's state.
    """
    x, y = record_of(state) if one_record(state) else records(state["data"])[:2]
    y_hat = forward(nn, state, x)[-1][1]
    return float(getattr(nn.losses, LOSSES[state["loss"]])()(y.astype("float32"), y_hat))


def one_update(K, state):
    """Compute forward and backward pass of the next update, and the weights after it.

    Args:
        K: `nn` or `keras`.
        state: dict of the view's state.

    Returns:
        Dict: `y_hat` of the batch, its `loss`; `gradients` and `updated` weights in the order of `weights_by_name`.
    """
    sizes = sizes_of(state)
    model = _model(K, sizes, state["activation"])
    model.set_weights(split(weights_of(state), sizes))
    x, y = batch_of(state, state["updates"])
    with np.errstate(all="ignore"):
        y_hat = np.asarray(model(np.asarray(x, "float32")))[:, 0]
        loss, gradients = loss_and_gradients(K, model, LOSSES[state["loss"]], x, y)
        optimizer = _optimizer(K, state)
        (_remembered if K is nn else _remembered_by_keras)(optimizer, model.trainable_weights, state)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights))
    return {"y_hat": y_hat, "loss": loss, "gradients": join(gradients), "updated": join(model.get_weights())}


def _remembered_by_keras(optimizer, variables, state):
    """Do what `_remembered` does for an optimizer of Keras."""
    optimizer.build(variables)
    optimizer.iterations.assign(state["updates"])
    sizes = sizes_of(state)
    for slot, flat in state["slots"].items():
        kept = next(getattr(optimizer, name) for name in KERAS_SLOTS[slot] if hasattr(optimizer, name))
        for variable, part in zip(kept, split(flat, sizes)):
            variable.assign(part)


def deltas(state, passed, gradients):
    """Return δ = ∂L/∂z of each neuron for a single record, where it is the gradient of the neuron's bias.

    Args:
        state: dict of the view's state.
        passed: result of `forward` for one record.
        gradients: row of all gradients for that record.

    Returns:
        List of pairs `(δ, slope)` for each layer: arrays `(units,)`, slope being the activation's derivative at z.
    """
    found = []
    for layer, (z, a) in enumerate(passed):
        name = "sigmoid" if layer == len(passed) - 1 else state["activation"]
        slope = nn.activations.get(name).backward(np.ones_like(z), z, a)[0]
        found.append((split(gradients, sizes_of(state))[2 * layer + 1], slope))
    return found


def random_start(state):
    """Draw new weights with the seed, and forget what was learned.

    Args:
        state: dict of the view's state.
    """
    return forget(with_weights(state, random_weights(sizes_of(state), state["seed"])))


def forget(state):
    """Begin a new run: no updates made, nothing remembered, no curve.

    Args:
        state: dict of the view's state.
    """
    return {**state, "updates": 0, "slots": {}, "curve": []}
