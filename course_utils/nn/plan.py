"""The plan of a model: its layers in the order in which they run, and the masks that go along."""

import inspect

from . import utils
from .layers.graph import SymbolicTensor


class Masks:
    """The masks of one run, by slot, as Keras knows them: twice.

    `attached` are those that travel with the arrays. A layer may take them away (MultiHeadAttention does), and then
    later layers do not see them. `described` are those that the model wrote down while it was described: a layer of
    one input and no options, such as LSTM, keeps to these.

    Args:
        slots: number of slots.
        given: masks of the inputs, None where there is none.
        apart: whether some layer takes masks away; otherwise both are the same.
    """

    def __init__(self, slots, given, apart):
        self.attached = dict.fromkeys(range(slots)) | dict(enumerate(given))
        self.described = dict.fromkeys(range(slots)) if apart else self.attached


class Step:
    """One node of a plan: which layer runs on which slots.

    Args:
        node: the Node.
        slot_of: dict of id(tensor) → slot.
    """

    def __init__(self, node, slot_of):
        self.layer = node.layer
        self.args = utils.map_structure(lambda tensor: slot_of[id(tensor)], list(node.args))
        self.tensor_kwargs = {
            k: utils.map_structure(lambda t: slot_of[id(t)], v) for k, v in node.kwargs.items() if _has_tensor(v)
        }
        self.kwargs = {k: v for k, v in node.kwargs.items() if not _has_tensor(v)}
        self.input_slots = [slot_of[id(tensor)] for tensor in node.inputs]
        self.output_slots = [slot_of[id(tensor)] for tensor in node.outputs]
        self.takes_training = self.layer.accepts("training") and "training" not in self.kwargs
        self._plan_masks(node)
        self.output_shape = node.outputs[0].shape
        self.needs_input_gradient = True

    def _plan_masks(self, node):
        """As Keras: one argument (which may be a list) comes with `mask`, each of several with its own `…_mask`."""
        alone = sum(map(_has_tensor, [*node.args, *node.kwargs.values()])) == 1
        self.takes_mask = self.layer.accepts("mask") and "mask" not in node.kwargs and alone
        self.keeps_described_mask = not node.kwargs and len(node.args) == 1 and isinstance(self.args[0], int)
        names = zip(inspect.signature(self.layer.call).parameters, self.args)
        own = {} if alone else {f"{name}_mask": slots for name, slots in names}
        self.own_masks = {k: slots for k, slots in own.items() if self.layer.accepts(k) and k not in node.kwargs}

    def infer_shapes(self, shapes):
        """Write the shapes of the layer's outputs into `shapes`; the layer raises where those of its inputs do not fit.

        Args:
            shapes: list of tuples by slot.
        """
        came = [utils.map_structure(shapes.__getitem__, arg) for arg in self.args]
        found = self.layer.outputs_shape(came, self.kwargs)
        for slot, shape in zip(self.output_slots, found if isinstance(found, list) else [found]):
            shapes[slot] = shape

    def run(self, values, masks, training):
        """Compute the layer's outputs into `values`, and their masks into `masks` if the model has any.

        Args:
            values: list of arrays by slot.
            masks: Masks, or None.
            training: as in Model.call.
        """
        pick = lambda slot: values[slot]  # noqa: E731
        args = [values[arg] if isinstance(arg, int) else utils.map_structure(pick, arg) for arg in self.args]
        kwargs = dict(self.kwargs)
        for name, slots in self.tensor_kwargs.items():
            kwargs[name] = utils.map_structure(pick, slots)
        if self.takes_training:
            kwargs["training"] = training
        if masks is not None:
            kwargs |= self._masks_for_call(masks)
        outputs = self.layer.call(*args, **kwargs)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        for slot, output in zip(self.output_slots, outputs):
            values[slot] = output
        if masks is not None:
            self._mask_outputs(args[0], masks, kwargs.get("mask"))

    def _masks_for_call(self, masks):
        found = {name: utils.map_structure(masks.attached.get, slots) for name, slots in self.own_masks.items()}
        if self.takes_mask:
            described = masks.described[self.args[0]] if self.keeps_described_mask else None
            attached = utils.map_structure(masks.attached.get, self.args[0])
            found["mask"] = attached if described is None else described
        return found

    def _mask_outputs(self, inputs, masks, called_with):
        """Write down the masks of the outputs, and take away those of the inputs if the layer does."""
        first = self.args[0]
        attached = utils.map_structure(masks.attached.get, first) if called_with is None else called_with
        self._set(masks.attached, self.layer.compute_mask(inputs, attached))
        if masks.described is not masks.attached:
            written = self.takes_mask or called_with is None  # else the mask was handed in by hand
            described = utils.map_structure(masks.described.get, first) if written else called_with
            self._set(masks.described, self.layer.compute_mask(inputs, described))
        if self.layer.takes_masks_away:
            masks.attached |= dict.fromkeys(utils.flatten(self.args))

    def _set(self, masks, found):
        masks |= zip(self.output_slots, found if isinstance(found, list) else [found])

    def run_backward(self, grads, logits_grad=None):
        """Take the gradients of the layer's outputs from `grads`, and add those of its inputs.

        Args:
            grads: list of arrays by slot; None where no gradient has come.
            logits_grad: a gradient that enters before the layer's activation instead.
        """
        layer, incoming = self.layer, [grads[slot] for slot in self.output_slots]
        layer.needs_input_gradient = self.needs_input_gradient
        if all(grad is None for grad in incoming) and logits_grad is None:
            return
        if logits_grad is not None:
            found = layer.backward_sum(logits_grad + self._through_activation(incoming[0]))
        elif len(incoming) == 1:
            found = layer.backward(incoming[0])
        else:
            found = layer.backward(incoming)
        for slot, grad in zip(self.input_slots, found if isinstance(found, (list, tuple)) else [found]):
            if grad is not None:
                grads[slot] = grad if grads[slot] is None else grads[slot] + grad

    def _through_activation(self, grad):
        """Where an output is used by other layers too, their gradient still passes the activation."""
        saved = self.layer.saved
        return 0 if grad is None else self.layer.activation.backward(grad, saved.z, saved.a)


def makes_mask(layer):
    """Return whether a layer may make a mask where there was none.

    Args:
        layer: a Layer.
    """
    return getattr(layer, "mask_zero", False) or hasattr(layer, "mask_value") or getattr(layer, "_uses_masks", False)


def _has_tensor(structure):
    return any(isinstance(leaf, SymbolicTensor) for leaf in utils.flatten([structure]))
