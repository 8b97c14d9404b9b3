"""What a Model does to learn: compile, fit, train_on_batch, evaluate, predict, and gradients to look at."""

import numpy as np

from . import callbacks as callbacks_module
from . import losses, optimizers, utils
from . import metrics as metrics_module


class Trainer:
    """The training half of a Model; names, defaults and numbers as in `keras.Model`."""

    optimizer = None
    _loss = None

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None):
        """Choose how the model learns.

        Args:
            optimizer: name or Optimizer.
            loss: name or Loss; for several outputs a list of them, or a dict by output layer's name.
            loss_weights: one number for each output; 1 if None.
            metrics: list of names or functions `(y_true, y_pred) -> values`; for one output only.

        Raises:
            ValueError: for unknown names, or lists that do not fit the outputs.
        """
        chosen = [None if one is None else losses.get(one) for one in self._for_outputs("loss", loss)]
        weights = self._for_outputs("loss_weights", 1.0 if loss_weights is None else loss_weights)
        named = {m if isinstance(m, str) else m.__name__: metrics_module.get(m) for m in metrics or []}
        if named and len(chosen) > 1:
            raise ValueError(f"compile: metrics are for models of one output; this one has {len(chosen)}")
        self.optimizer = optimizers.get(optimizer)
        self._loss, self._loss_weights, self._metrics = chosen, weights, named

    def _for_outputs(self, argument, value):
        """Spread what came for `argument` over the outputs of the model."""
        if isinstance(value, dict):
            names = self.output_names
            if set(value) - set(names):
                raise ValueError(f"compile: {argument} names must be among {names}, got {list(value)}")
            return [value.get(name) for name in names]
        if isinstance(value, (list, tuple)):
            if self.built and len(value) != len(self.outputs):
                raise ValueError(f"compile: {argument} must have {len(self.outputs)} entries, got {len(value)}")
            return list(value)
        return [value] * (len(self.outputs) if self.built else 1)

    @property
    def output_names(self):
        """The names of the layers that make the outputs."""
        return [tensor.node.layer.name for tensor in self.outputs]

    # ---- learning

    def train_on_batch(self, x, y, *, return_dict=False):
        """Make one update.

        Args:
            x: records `(batch, …)`.
            y: labels.
            return_dict: return a dict by name instead of numbers.

        Returns:
            The loss before the update, or a list of loss and metrics.

        Raises:
            ValueError: if the model is not compiled or shapes do not fit.
        """
        logs = _averaged([self._update(*self._as_data(x, y))])
        return logs if return_dict else _plain(logs)

    def fit(
        self, x, y, batch_size=None, epochs=1, verbose="auto", callbacks=None, *, validation_data=None, shuffle=True
    ):
        """Train: in each epoch, go through all records once, in batches, with one update a batch.

        Args:
            x: records `(n, …)`, or a list or dict of arrays for several inputs.
            y: labels `(n, …)`, or a list or dict for several outputs.
            batch_size: records an update; 32 if None.
            epochs: times through all records.
            verbose: 0 prints nothing; anything else prints one line an epoch.
            callbacks: list of Callbacks.
            validation_data: `(x, y)` evaluated after each epoch.
            shuffle: whether the records are put in a new random order for each epoch.

        Returns:
            A History.

        Raises:
            ValueError: if the model is not compiled, shapes do not fit, or records or labels hold NaN or infinity.
        """
        batch_size = _batch_size("fit", batch_size)
        epochs = utils.positive_integer("fit", "epochs", epochs)
        x, y = self._as_finite_data(x, y)
        if validation_data is not None:  # checked here, so that a mistake in it shows before the first epoch
            if not isinstance(validation_data, (list, tuple)) or len(validation_data) != 2:
                raise ValueError(f"fit: validation_data must be a pair (x, y), got {type(validation_data).__name__}")
            self._as_finite_data(*validation_data)
        history = callbacks_module.History()
        listeners = [*(callbacks or []), history]
        self._tell(listeners, "set_model", self)
        steps = -(-len(x[0]) // batch_size)
        self._tell(listeners, "set_params", {"verbose": verbose, "epochs": epochs, "steps": steps})
        self._tell(listeners, "on_train_begin", {})
        self.stop_training, logs = False, {}
        for epoch in range(epochs):
            self._tell(listeners, "on_epoch_begin", epoch, {})
            logs = self._one_epoch(x, y, batch_size, shuffle, listeners) | self._validate(validation_data, batch_size)
            self._tell(listeners, "on_epoch_end", epoch, logs)
            if verbose:
                print(f"Epoch {epoch + 1}/{epochs} - " + " - ".join(f"{k}: {v:.4f}" for k, v in logs.items()))
            if self.stop_training:
                break
        self._tell(listeners, "on_train_end", logs)
        return history

    def _validate(self, data, batch_size):
        if data is None:
            return {}
        found = self.evaluate(*data, batch_size=batch_size, return_dict=True)
        return {f"val_{name}": value for name, value in found.items()}

    def _one_epoch(self, x, y, batch_size, shuffle, listeners):
        count = len(x[0])
        order = utils.generator().permutation(count) if shuffle else None
        totals = {}
        for number, batch in enumerate(utils.split_batches(count, batch_size)):
            chosen = batch if order is None else order[batch]
            results = self._update([a[chosen] for a in x], [a[chosen] for a in y])
            for name, (value, records) in results.items():
                total, seen = totals.get(name, (0.0, 0))
                totals[name] = (total + value * records, seen + records)
            if len(listeners) > 1:
                logs = {name: total / max(seen, 1) for name, (total, seen) in totals.items()}
                self._tell(listeners, "on_train_batch_end", number, logs)
        return {name: total / max(seen, 1) for name, (total, seen) in totals.items()}

    @staticmethod
    def _tell(listeners, event, *args):
        for listener in listeners:
            getattr(listener, event)(*args)

    def _update(self, x, y):
        """One optimizer step on lists of arrays; returns what `_measure` does."""
        results = self._differentiate(x, y, training=True)
        self.optimizer.apply_gradients([(variable.grad, variable) for variable in self._trainable])
        return results

    def _differentiate(self, x, y, training):
        """Forward, loss, backward: fills the gradients anew and returns the losses and metrics."""
        outputs = utils.flatten([self._run(x, training)])
        results, grads = self._compute_loss(y, outputs)
        output_grads = [(self._output_slots[i], grad) for i, grad, at_logits in grads if not at_logits]
        logits_grads = {self._step_of_output[i]: grad for i, grad, at_logits in grads if at_logits}
        self.zero_gradients()
        self._backward(output_grads, logits_grads)
        return results

    def _compute_loss(self, y, outputs):
        """Return losses and metrics by name, as (value, records), and the gradient of each output that has a loss."""
        results, grads, total = {}, [], 0.0
        for i, (loss, weight, target, output) in enumerate(zip(self._loss, self._loss_weights, y, outputs)):
            if loss is None:
                continue
            logits = self._logits_of(i, loss)
            mask = self._last_masks and self._last_masks[i]
            value, grad = loss.value_and_gradient(target, output, logits, mask)
            total += weight * value
            grads.append((i, grad if weight == 1 else grad * output.dtype.type(weight), logits is not None))
            if len(outputs) > 1:
                # In Keras, every batch counts alike here, also a last one that is smaller.
                results[f"{self.output_names[i]}_loss"] = (value, 1)
        return {"loss": (total, len(outputs[0]))} | results | self._measure(y, outputs), grads

    def _logits_of(self, i, loss):
        """The sums behind output i, if its activation and this loss belong together (sigmoid, softmax)."""
        step = self._step_of_output[i]
        if loss.link is None or loss.from_logits or step is None or self._output_slots.count(self._output_slots[i]) > 1:
            return None
        layer = self._plan[step].layer
        layer.saved = self.saved[step]
        activation = getattr(layer, "activation", None)
        return layer.logits if getattr(activation, "__name__", None) == loss.link else None

    def _measure(self, y, outputs):
        """Metrics of the first output: dict of name → (mean over records, number of records)."""
        mask = self._last_masks and self._last_masks[0]
        return {name: _mean_of_real(metric(y[0], outputs[0]), mask) for name, metric in self._metrics.items()}

    # ---- looking

    def gradients(self, x, y, training=True):
        """Return ∂loss/∂weight for every weight, without changing any. Keras has `tf.GradientTape` for this.

        Args:
            x: records `(batch, …)`.
            y: labels.
            training: whether layers such as Dropout do what they do in training.

        Returns:
            Dict of variable path, such as `"hidden/kernel"`, to array of the weight's shape.

        Raises:
            ValueError: if the model is not compiled or shapes do not fit.
        """
        return self.loss_and_gradients(x, y, training)[1]

    def loss_and_gradients(self, x, y, training=True):
        """Return the loss and ∂loss/∂weight for every weight, without changing any.

        Args:
            x: records `(batch, …)`.
            y: labels.
            training: as in `gradients`.

        Returns:
            `(loss, gradients)`: a number, and a dict as from `gradients`.

        Raises:
            ValueError: if the model is not compiled or shapes do not fit.
        """
        x, y = self._as_data(x, y)
        averages = [(variable, variable.value) for variable in self.weights if not variable.trainable]
        results = self._differentiate(x, y, training=training)
        for variable, value in averages:  # those of BatchNormalization moved along with the batch
            variable.value = value
        return results["loss"][0], {variable.path: variable.grad for variable in self.trainable_weights}

    def evaluate(self, x, y, batch_size=None, verbose="auto", *, return_dict=False):
        """Return loss and metrics, averaged over all records, without learning.

        Args:
            x: records `(n, …)`.
            y: labels.
            batch_size: records at a time, 32 if None; the result depends on it only by rounding.
            verbose: accepted for Keras' sake; nothing is printed.
            return_dict: return a dict by name instead of numbers.

        Returns:
            The loss, or a list of loss and metrics.

        Raises:
            ValueError: if the model is not compiled or shapes do not fit.
        """
        x, y = self._as_data(x, y)
        batches = utils.split_batches(len(x[0]), _batch_size("evaluate", batch_size))
        parts = [self._test_batch([a[b] for a in x], [a[b] for a in y]) for b in batches]
        logs = _averaged(parts)
        return logs if return_dict else _plain(logs)

    def _test_batch(self, x, y):
        return self._compute_loss(y, utils.flatten([self._run(x, training=False)]))[0]

    def predict(self, x, batch_size=None, verbose="auto"):
        """Return the outputs for all records.

        Args:
            x: records `(n, …)`.
            batch_size: records at a time; 32 if None.
            verbose: accepted for Keras' sake; nothing is printed.

        Returns:
            Array `(n, …)`, or the structure of arrays that the model was made with.
        """
        x = self._input_arrays(x)
        batches = utils.split_batches(len(x[0]), _batch_size("predict", batch_size))
        parts = [self._run([a[b] for a in x], training=False) for b in batches]
        flat = zip(*[utils.flatten([part]) for part in parts])
        joined = iter([np.concatenate(arrays) for arrays in flat])
        return utils.map_structure(lambda _: next(joined), parts[0])

    def summary(self):
        """Print the layers with output shapes and numbers of parameters."""
        rows = [("Layer (type)", "Output shape", "Param #")]
        for step in {step.layer: step for step in self._plan}.values():
            kind = f"{step.layer.name} ({type(step.layer).__name__})"
            rows.append((kind, str(step.output_shape), f"{step.layer.count_params():,}"))
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        print(f'Model: "{self.name}"')
        for row in rows:
            print(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}")
        trainable = sum(variable.value.size for variable in self.trainable_weights)
        print(f"Total params: {self.count_params():,} (trainable: {trainable:,})")

    # ---- data

    def _input_arrays(self, x):
        """Return the inputs as a flat list of arrays, built if need be."""
        if not self.built:
            self.build(np.shape(x))
        arrays = self._check_inputs(x)
        if len({len(array) for array in arrays}) > 1 or len(arrays[0]) == 0:
            raise ValueError(
                f"x: every input must have the same number of records, at least one; got {[a.shape for a in arrays]}"
            )
        for step in self._plan:
            if isinstance(step.args[0], int) and step.args[0] < len(arrays):
                step.layer.check_values(arrays[step.args[0]])
        return arrays

    def _as_finite_data(self, x, y):
        x, y = self._as_data(x, y)
        _check_finite("x", x)
        _check_finite("y", y)
        return x, y

    def _as_data(self, x, y):
        """Check records and labels before anything is changed."""
        if self._loss is None or all(loss is None for loss in self._loss):
            raise ValueError(f"Model '{self.name}' has no loss yet: call compile(optimizer, loss) first")
        x = self._input_arrays(x)
        several = isinstance(y, dict) or (isinstance(y, (list, tuple)) and len(self.outputs) > 1)
        if isinstance(y, dict):
            if set(y) != set(self.output_names):
                raise ValueError(f"y must hold labels for the outputs {self.output_names}, got {list(y)}")
            y = [y[name] for name in self.output_names]
        y = [np.asarray(one) for one in y] if several else [np.asarray(y)]
        wrong = [array.shape for array in y if array.ndim == 0 or len(array) != len(x[0])]
        if wrong or len(y) != len(self.outputs):
            raise ValueError(
                f"y must hold {len(x[0])} labels, one for each record of x, for each of {len(self.outputs)} outputs; "
                f"got shapes {[array.shape for array in y]}"
            )
        for loss, target, tensor in zip(self._loss, y, self.outputs):
            if loss is not None and None not in tensor.shape[1:]:
                loss.prepare(target, np.broadcast_to(np.zeros((), self.dtype), (len(target), *tensor.shape[1:])))
        self._trainable = self.trainable_weights  # what is frozen now stays so until the call ends, as in Keras
        self._mark_needed_gradients(False)
        return x, y


def _batch_size(owner, value):
    """Return how many records go together."""
    return 32 if value is None else utils.positive_integer(owner, "batch_size", value)


def _mean_of_real(values, mask):
    """Return the mean and the number of values; where a mask fits them, of those that it marks as real."""
    values = values[mask] if mask is not None and np.shape(values) == mask.shape else values
    return float(np.mean(values)) if np.size(values) else 0.0, np.size(values)


def _averaged(parts):
    """Average dicts of name → (value, records) into a dict of name → value."""
    return {
        name: sum(part[name][0] * part[name][1] for part in parts) / max(sum(part[name][1] for part in parts), 1)
        for name in parts[0]
    }


def _plain(logs):
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _check_finite(argument, arrays):
    for array in arrays:
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = int((~np.isfinite(array)).sum())
            raise ValueError(
                f"fit: {argument} must hold finite numbers; "
                f"{bad} of its values are NaN or infinite, in shape {array.shape}"
            )
