"""The network view: a dense network to take hold of. Weights are dragged, values travel, it trains as you look.

The picture is an anywidget, `network.js`; what it draws is computed here, by the real model of either engine.
"""

from pathlib import Path

import anywidget
from traitlets import Dict

from course_utils import nn

from .base import Explorer
from .controls import Choice, Number, seed_number
from .dense_networks import FIRST_WEIGHTS, OUTLINE, neuron_name, random_weights, records, weights_by_name
from .gradient_descent import OPTIMIZERS
from .network_figure import SIZE, draw
from .network_model import (
    LOSSES,
    SHOWN,
    forget,
    forward,
    neuron_steps,
    one_update,
    random_start,
    record_of,
    sizes_of,
    train,
    updates_per_epoch,
    with_weights,
)
from .network_plane import plane
from .network_words import as_code, gradient_chain, step_formula
from .readout import number

MODES = ("forward", "backward", "train")
ACTIVATIONS = (("sigmoid", "sigmoid"), ("tanh", "tanh"), ("ReLU", "relu"), ("none (a = z)", "linear"))
HIDDEN = tuple((text, key) for key, text in {
    "1": "1 neuron", "2": "2 neurons", "3": "3 neurons", "4": "4 neurons", "3–2": "3, then 2 neurons",
}.items())  # fmt: skip
BATCHES = {"penguins": (SHOWN, "1", "32", "all"), "XOR": (SHOWN, "1", "all")}
AT_ONCE = 20  # updates of one frame while it trains
SLOWLY = 800  # milliseconds from step to step while values travel
WEIGHT = Number("weight", "A weight")  # says which numbers are taken


class NetworkPicture(anywidget.AnyWidget):
    """The picture in the browser; what it shows is one dict of plain values."""

    # Texts, not paths: of a file, anywidget keeps every widget that was ever made with it.
    _esm = Path(__file__).with_name("network.js").read_text(encoding="utf-8")
    _css = Path(__file__).with_name("network.css").read_text(encoding="utf-8")
    shown = Dict().tag(sync=True)

    def show(self, found, change, moves):
        """Show a frame.

        Args:
            found: result of `arrays(state)`.
            change: number of the change that it shows.
            moves: makes no difference here.
        """
        self.shown = {**found, "change": change}

    def settle(self):
        """Do nothing: each frame is drawn in the page, and stays."""


def initial(mode="forward", data="penguins", hidden="2"):
    """Return the state that a view begins with.

    Args:
        mode: "forward", "backward" or "train".
        data: "penguins" (three inputs) or "XOR" (two).
        hidden: neurons of the hidden layers: "1" to "4", or "3–2".

    Raises:
        ValueError: if one of them is not among these.
    """
    for argument, value, known in (
        ("mode", mode, MODES),
        ("data", data, tuple(BATCHES)),
        ("hidden", hidden, tuple(key for _, key in HIDDEN)),
    ):
        if value not in known:
            raise ValueError(f"network: {argument} must be one of {', '.join(map(repr, known))}; got {value!r}")
    state = {
        "mode": mode, "data": data, "hidden": hidden, "record": next(iter(records(data).named)),
        "activation": "sigmoid", "loss": "mean squared error" if data == "penguins" else "binary cross-entropy",
        "optimizer": "SGD", "learning_rate": 0.5, "batch": "all" if mode == "train" else SHOWN, "seed": 0,
        "position": 1 if mode == "forward" else 0, "code": False,
    }  # fmt: skip
    sizes = sizes_of(state)
    state["weight"] = next(iter(weights_by_name(sizes)))
    start = FIRST_WEIGHTS if sizes == (3, 2, 1) else random_weights(sizes, state["seed"])
    return forget(with_weights(state, start))


def arrays(state):
    """Compute what is drawn, as plain values.

    Args:
        state: dict of the view's state.

    Returns:
        Dict: `mode`, `sizes`, `nodes` (per layer, per neuron: name and lines of text), `weights` (one dict each, with
        `path`, `layer`, `source`, `target`, `value`, `words` and the `lines` of its label), `chosen`, `ring` (layer,
        neuron of the newest step), `heads`, `notes` (per layer, per neuron), `lines` (arithmetic), `status`, `plane`
        (curve, surface and records, in the mode "train"), `code`, `progress` (grows with every step), `pace`
        (milliseconds between two steps of Play) and `more` (whether there is a next step).
    """
    passed = forward(nn, state, record_of(state)[0])
    everything = forward(nn, state, records(state["data"]).x)
    update = one_update(nn, state) if state["mode"] == "backward" else None
    forwards = state["mode"] == "forward"
    return {
        "mode": state["mode"],
        "sizes": list(sizes_of(state)),
        "heads": _heads(state),
        "nodes": _nodes(state, passed),
        "weights": _weights(state, update),
        "chosen": state["weight"],
        "ring": list(neuron_steps(state, passed)[state["position"] - 1][1:3]) if forwards else None,
        "notes": _notes(state, everything),
        "lines": _lines(state, passed, update),
        "status": _status(state, passed, everything, update),
        "plane": plane(state) if state["mode"] == "train" else None,
        "code": as_code(state) if state["code"] else None,
        "progress": progress(state),
        "pace": 0 if state["mode"] == "train" else SLOWLY,
        "more": not forwards or state["position"] < len(neuron_steps(state, passed)),
    }


def progress(state):
    """Return a number that grows with every step, and falls when a run begins anew.

    Args:
        state: dict of the view's state.
    """
    return state["updates"] * len(sizes_of(state)) + state["position"]


def _heads(state):
    between = "a = z" if state["activation"] == "linear" else "z, then a"
    hidden = len(sizes_of(state)) - 2
    return [
        "inputs",
        *([f"hidden: {between}"] if hidden == 1 else [f"hidden {i + 1}" for i in range(hidden)]),
        "z, then ŷ",
    ]


def _nodes(state, passed):
    """Name and lines of text of each neuron; a step that has not been made is a question mark."""
    sizes = sizes_of(state)
    digits = 4 if max(sizes) < 4 and state["mode"] != "train" else 3
    steps = [f"{step[3]:.{digits}f}".replace("-", "−") for step in neuron_steps(state, passed)]
    made = state["position"] if state["mode"] == "forward" else len(steps)
    texts = iter([text if i < made else "?" for i, text in enumerate(steps)])
    inputs = [[neuron_name(sizes, 0, i), f"{v:.4g}".replace("-", "−")] for i, v in enumerate(record_of(state)[0][0])]
    others = [
        [[neuron_name(sizes, layer, i), next(texts), next(texts)] for i in range(units)]
        for layer, units in enumerate(sizes[1:], start=1)
    ]
    return [inputs, *others]


def _weights(state, update):
    """One dict for each weight. In the mode "backward", gradients appear layer by layer, the output's first."""
    sizes, found = sizes_of(state), []
    for i, (path, weight) in enumerate(weights_by_name(sizes).items()):
        alias = OUTLINE.get(path) if len(sizes) == 3 else None
        name = "b" if weight.source is None and (state["mode"] == "train" or not alias) else alias
        value = _few_digits(state[path])
        lines = [f"{name} = {value}" if name and (state["mode"] != "train" or name == "b") else value]
        if update and weight.layer >= len(sizes) - 1 - state["position"]:
            slope = f"∂ {number(update['gradients'][i])}"
            lines = [f"{value} → {_few_digits(update['updated'][i])}", f"{name}: {slope}" if name else slope]
            if weight.source is None and sizes[weight.layer + 1] > 2 and path != state["weight"]:
                lines = lines[:1]  # there is no room
        words = f"{weight.symbol}: {weight.words}" + (f" ({alias})" if alias else "")
        place = {"layer": weight.layer, "source": weight.source, "target": weight.target}
        found.append({"path": path, **place, "value": state[path], "words": words, "lines": lines})
    return found


def _few_digits(value):
    text = f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.3g}"
    return text.replace("-", "−")


def _notes(state, everything):
    """Under hidden neurons, in "forward" and where there is room: for how many records z is above 0."""
    counted, layers = len(records(state["data"]).x), [[] for _ in sizes_of(state)]
    for layer, (z, _) in enumerate(everything[:-1], start=1):
        if state["mode"] == "forward" and z.shape[1] < 3:
            layers[layer] = [f"z > 0: {n} of {counted}" for n in (z > 0).sum(axis=0)]
    return layers


def _lines(state, passed, update):
    """The arithmetic under the network."""
    if state["mode"] == "forward":
        return [f"step {state['position']}:  {step_formula(state, passed, state['position'] - 1)}"]
    if state["mode"] == "backward":
        layer = weights_by_name(sizes_of(state))[state["weight"]].layer
        if layer >= len(passed) - state["position"]:
            return gradient_chain(state, passed, update["gradients"])
        return ["Step: the gradients of the layer before" if state["position"] else "Step: the gradients of the output"]
    return []


def right_count(state, everything):
    """Return how many of all records end on the right side.

    Args:
        state: dict of the view's state.
        everything: result of `forward` for all records.
    """
    return int(((everything[-1][0] > 0) == (records(state["data"]).y == 1)).sum())


def _status(state, passed, everything, update):
    """What stands beside the output: the label, the loss, how many records are right."""
    chosen = records(state["data"])
    right = [f"{right_count(state, everything)} of {len(chosen.x)}", f"{chosen.counted} right"]
    label = f"y = {record_of(state)[1][0, 0]:g}"
    if state["mode"] == "train":
        epoch = state["updates"] // updates_per_epoch(state)
        return [label, *right, f"{state['updates']:,} updates", f"epoch {epoch:,}"]
    return [label, *([f"L = {number(update['loss'])}"] if update else []), *right]


def values(K, state):
    """Compute the same numbers with either engine: in "forward" the steps made, else what belongs to the next update.

    Args:
        K: `nn` or `keras`.
        state: dict of the view's state.

    Returns:
        Dict of name → number, or row of all gradients and of all new weights.
    """
    if state["mode"] == "forward":
        steps = neuron_steps(state, forward(K, state, record_of(state)[0]))[: state["position"]]
        return {name: value for name, _, _, value in steps[-8:]}
    update = one_update(K, state)
    chosen = list(weights_by_name(sizes_of(state))).index(state["weight"])
    y_hat = forward(K, state, record_of(state)[0])[-1][1][0, 0]
    found = {"ŷ": y_hat, "L": update["loss"]}
    if state["mode"] == "backward" and state["position"] == 0:
        return found  # no gradient has been computed yet
    return found | {
        "∂L/∂w": update["gradients"][chosen],
        "new w": update["updated"][chosen],
        "max ∂": update["gradients"],
        "max w": update["updated"],
    }


def step(state, updates=1):
    """Do the next thing: a step of a neuron; the gradients of a layer, or the update after them; an update.

    Args:
        state: dict of the view's state.
        updates: how many, in the mode "train".
    """
    if state["mode"] == "train":
        return train(state, updates)
    layers = len(sizes_of(state)) - 1
    if state["mode"] == "forward":
        return {**state, "position": state["position"] % (2 * sum(sizes_of(state)[1:])) + 1}
    if state["position"] < layers:
        return {**state, "position": state["position"] + 1}
    return {**train(state, 1), "position": 0}


def whole_pass(state):
    """Do all that is left of the pass: all steps; all gradients and the update; all updates of an epoch.

    Args:
        state: dict of the view's state.
    """
    if state["mode"] == "train":
        return train(state, updates_per_epoch(state))
    if state["mode"] == "forward":
        return {**state, "position": 2 * sum(sizes_of(state)[1:])}
    return {**train(state, 1), "position": 0}


def show_code(state):
    """Show the network as NumPy and as Keras code in place of the picture, or the picture again.

    Args:
        state: dict of the view's state.
    """
    return {**state, "code": not state["code"]}


def changed(state, key):
    """Keep the state whole after a control changed one entry.

    Args:
        state: dict of the view's state.
        key: the entry that changed.
    """
    if key == "mode":
        return {**state, "position": 1 if state["mode"] == "forward" else 0}
    if key == "hidden":
        rest = {entry: value for entry, value in state.items() if "/" not in entry}  # the old weights go
        rest["weight"] = next(iter(weights_by_name(sizes_of(rest))))
        return random_start({**rest, "position": 1 if state["mode"] == "forward" else 0})
    if key in ("optimizer", "loss", "batch", "activation"):
        return forget(state)
    return state


def alt(state, found):
    """Return the figure in words.

    Args:
        state: dict of the view's state.
        found: result of `arrays(state)`.
    """
    sizes = "–".join(map(str, found["sizes"]))
    weight = weights_by_name(tuple(found["sizes"]))[state["weight"]]
    counted = records(state["data"]).counted
    beside = ", ".join(found["status"]).replace(f", {counted}", f" {counted}")
    text = f"{sizes} network with {state['record'].split(' (')[0]}, {state['mode']}. {beside}. "
    text += " ".join(f"{line}." for line in found["lines"][:2])
    if state["mode"] != "backward":
        text += f" Chosen weight: {weight.symbol}, {weight.words}, {number(state[state['weight']])}."
    if found["plane"] and found["plane"]["curve"]:
        costs = [cost for _, cost in found["plane"]["curve"]]
        text += f" The cost went from {number(costs[0])} to {number(costs[-1])}."
    return text.strip()


def react(explorer, message):
    """Do what the picture in the browser reports.

    Args:
        explorer: the network view.
        message: dict with `do`: "choose" (with `path`), "value" (with `path` and `value`) or "tick" (the next frame of
            Play, with the `mode` and the `progress` that were seen).
    """
    path = message.get("path")
    if path is not None and path not in explorer.state:
        return  # the network has become smaller meanwhile
    if message["do"] == "choose":
        explorer.set(weight=path)
    elif message["do"] == "value":
        value, sentence = WEIGHT.accept(message["value"], explorer.state)
        state = {**explorer.state, "weight": path}
        explorer.enter(state if value is None else {**state, path: value}, sentence)
    elif message["mode"] == explorer.state["mode"] and message["progress"] <= progress(explorer.state):
        explorer.enter(step(explorer.state, AT_ONCE))  # else it was on its way when Reset was pressed


def network(mode="forward", data="penguins", hidden="2", state=None):
    """Return the network view: take an edge or a bias and drag it, use the arrow keys on it, or type a number.

    In "forward", values travel from neuron to neuron; in "backward", gradients come back layer by layer, and then all
    weights move at once; in "train", updates follow each other, beside the cost and the answer for each place.

    Args:
        mode: "forward", "backward" or "train".
        data: "penguins" (three inputs) or "XOR" (two).
        hidden: neurons of the hidden layers: "1" to "4", or "3–2".
        state: a state that was saved from such a view; then the other arguments do not count.

    Returns:
        Explorer.

    Raises:
        ValueError: if an argument is not among these, or the state lacks an entry.
    """
    first = initial(mode, data, hidden) if state is None else dict(state)
    in_update = {"acts": lambda state: state["mode"] != "forward"}
    in_training = {"acts": lambda state: state["mode"] == "train"}
    controls = [
        Choice("mode", "mode", MODES, "what Step and Play do"),
        Choice("record", "record", tuple(records(first["data"]).named), "the record that goes through the network"),
        Choice("hidden", "hidden", HIDDEN, "neurons between inputs and output"),
        Choice("activation", "activation", ACTIVATIONS, "second step of the hidden neurons"),
        Choice("loss", "loss", tuple(LOSSES), "how the error is measured", **in_update),
        Choice("optimizer", "optimizer", tuple(OPTIMIZERS), "how an update follows from the gradients", **in_update),
        Number("learning_rate", "η", (0.001, 100.0), 0.05, log=True, help="learning rate", **in_update),
        Choice("batch", "batch", BATCHES[first["data"]], "records of one update, in the mode train", **in_training),
        seed_number(help="of the random start, and of the order of the records"),
    ]
    actions = {"Step": step, "Whole pass": whole_pass, "Random start": random_start, "Code": show_code}
    picture = NetworkPicture()
    explorer = Explorer(
        "Network", first, arrays, draw, controls, actions, values, alt,
        size=SIZE, tolerance=1e-5, patience=0.5, changed=changed, picture=picture,
    )  # fmt: skip
    picture.on_msg(lambda _, message, __: react(explorer, message))
    return explorer
