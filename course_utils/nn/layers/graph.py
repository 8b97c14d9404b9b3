"""What layers are joined with: weight arrays, symbolic tensors, and the nodes between them."""

import numpy as np

from .. import config, utils


class Variable:
    """One array of weights, with its gradient.

    Args:
        value: the array.
        name: such as `"kernel"`.
        owner: the layer that it belongs to.
        trainable: whether an optimizer may change it, unless its layer is frozen.
    """

    def __init__(self, value, name, owner, trainable=True):
        self.value = value
        self.name = name
        self.owner = owner
        self.trainable = trainable
        self.grad = None

    @property
    def path(self):
        """Layer and name, such as `hidden/kernel`."""
        return f"{self.owner.path}/{self.name}"

    @property
    def shape(self):
        """The shape of the array."""
        return self.value.shape

    @property
    def dtype(self):
        """The number type, as a string."""
        return str(self.value.dtype)

    def numpy(self):
        """Return a copy of the values."""
        return self.value.copy()

    def assign(self, value):
        """Replace the values.

        Args:
            value: array-like of the same shape.

        Raises:
            ValueError: if the shape differs.
        """
        value = np.asarray(value, self.value.dtype)
        if value.shape != self.shape:
            raise ValueError(f"{self.path}: value must have shape {self.shape}, got {value.shape}")
        self.value = value.copy()

    def add_gradient(self, grad):
        """Add to the gradient, since a layer that is used twice gets a gradient from each use.

        Args:
            grad: array of the variable's shape.
        """
        self.grad = grad if self.grad is None else self.grad + grad

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype=dtype)

    def __repr__(self):
        return f"<Variable {self.path}, shape={self.shape}, dtype={self.dtype}, value={self.value}>"


class SymbolicTensor:
    """The promise of an array: what layers pass to each other while a model is being described.

    Args:
        shape: tuple; None where the size is not known, as for the batch.
        node: the Node that makes it; None for an input.
        name: the input's name.
        dtype: the number type of an input.
    """

    def __init__(self, shape, node=None, name=None, dtype=None):
        self.shape = tuple(shape)
        self.node = node
        self.name = name
        self.dtype = dtype

    def __repr__(self):
        return f"<SymbolicTensor shape={self.shape}>"


class Node:
    """One use of a layer: what went in, what came out.

    Args:
        layer: the layer.
        args: its positional arguments, any nesting of SymbolicTensors.
        kwargs: its keyword arguments; SymbolicTensors among them are inputs too.
    """

    def __init__(self, layer, args, kwargs):
        self.layer, self.args, self.kwargs = layer, args, kwargs
        self.inputs = [leaf for leaf in utils.flatten([args, kwargs]) if isinstance(leaf, SymbolicTensor)]
        self.outputs = []


def Input(shape=None, batch_size=None, dtype=None, name=None):
    """Begin a model: the promise of a batch of records (`keras.Input`).

    Args:
        shape: the shape of one record, without the batch.
        batch_size: a fixed number of records, or None for any.
        dtype: number type of the records; `config.floatx()` if None.
        name: a name for error messages and for dicts of inputs.

    Returns:
        A SymbolicTensor of shape `(batch, *shape)`.

    Raises:
        ValueError: if shape is not a tuple or list of whole numbers above 0 (None: any size).
    """
    if not isinstance(shape, (tuple, list)) or any(
        size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1)
        for size in shape
    ):
        raise ValueError(f"Input: shape must be a tuple of whole numbers above 0, such as (3,), got {shape!r}")
    name = name or utils.unique_name("InputLayer")
    return SymbolicTensor((batch_size, *shape), name=name, dtype=dtype or config.floatx())


def topological_order(inputs, outputs):
    """List every node between inputs and outputs, each after the nodes that it needs, and the layers as first met.

    Args:
        inputs: list of SymbolicTensors.
        outputs: list of SymbolicTensors, each of any shape.

    Returns:
        `(nodes, met)`: a list of Nodes, and a dict of layer → place at which it was met.
    """
    order, seen, met = [], {id(tensor) for tensor in inputs}, {}

    def visit(tensor):
        node = tensor.node
        if id(tensor) in seen or node is None or id(node) in seen:
            return
        seen.add(id(node))
        met.setdefault(node.layer, len(met))
        for needed in node.inputs:
            visit(needed)
        order.append(node)

    for tensor in outputs:
        visit(tensor)
    return order, met


def by_depth(order, met):
    """List nodes and layers as Keras does: farthest from the outputs first, then as met on the way back from them.

    Args:
        order: nodes as from `topological_order`.
        met: places as from `topological_order`.

    Returns:
        `(nodes, layers)`: two lists; the nodes are each after those that it needs.
    """
    node_depth, layer_depth = {}, {}
    for node in reversed(order):
        depth = max(node_depth.get(node, 0), layer_depth.get(node.layer, 0))
        node_depth[node] = layer_depth[node.layer] = depth
        for tensor in node.inputs:
            if tensor.node is not None:
                node_depth[tensor.node] = max(depth + 1, node_depth.get(tensor.node, 0))
    inside = set(order)
    nodes = sorted((node for node in node_depth if node in inside), key=lambda node: -node_depth[node])
    return nodes, sorted(layer_depth, key=lambda layer: (-layer_depth[layer], met[layer]))
