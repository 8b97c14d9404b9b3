"""What can listen to training, by the names of `keras.callbacks`."""

import operator

import numpy as np

from . import utils


class Callback:
    """Something that is told how training goes; write the methods that you need (`keras.callbacks.Callback`)."""

    model = params = None

    def set_params(self, params):
        """Learn how long training is.

        Args:
            params: dict of `epochs`, `steps` (batches of an epoch) and `verbose`.
        """
        self.params = params

    def set_model(self, model):
        """Learn which model is trained.

        Args:
            model: the model.
        """
        self.model = model

    def on_train_begin(self, logs=None):
        """Called before the first epoch.

        Args:
            logs: an empty dict.
        """

    def on_train_end(self, logs=None):
        """Called after the last epoch.

        Args:
            logs: the numbers of the last epoch.
        """

    def on_epoch_begin(self, epoch, logs=None):
        """Called before each epoch.

        Args:
            epoch: its number, from 0.
            logs: an empty dict.
        """

    def on_epoch_end(self, epoch, logs=None):
        """Called after each epoch.

        Args:
            epoch: its number, from 0.
            logs: dict of loss and metrics.
        """

    def on_train_batch_end(self, batch, logs=None):
        """Called after each update.

        Args:
            batch: its number within the epoch, from 0.
            logs: dict of loss and metrics of the epoch so far.
        """


class History(Callback):
    """The record of loss and metrics that `fit` returns: `.history` by name, `.epoch` (`keras.callbacks.History`)."""

    def __init__(self):
        self.epoch, self.history = [], {}

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class LearningRateScheduler(Callback):
    """Choose the learning rate of each epoch; it stands in the history too (`keras.callbacks.LearningRateScheduler`).

    Args:
        schedule: function `(epoch, learning_rate) -> learning rate`, epochs counted from 0.
        verbose: 1 prints the rate of each epoch.
    """

    def __init__(self, schedule, verbose=0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch, logs=None):
        rate = self.schedule(epoch, self.model.optimizer.learning_rate)
        if not isinstance(rate, (float, np.floating)):
            raise ValueError(f"LearningRateScheduler: schedule must return a float, got {rate!r}")
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = self.model.optimizer.learning_rate


_BETTER = {"min": operator.lt, "max": operator.gt}
# What to watch, and which direction is better; accuracies are better when they are higher.
_DIRECTIONS = dict.fromkeys(("loss", "mse", "mae", "mean_squared_error", "mean_absolute_error"), "min") | dict.fromkeys(
    ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"), "max"
)


class EarlyStopping(Callback):
    """Stop when a number has not improved for a while (`keras.callbacks.EarlyStopping`).

    Args:
        monitor: the name of the number, as in the history.
        min_delta: the smallest change that counts as an improvement.
        patience: epochs without improvement after which training stops.
        verbose: 1 prints what is done.
        mode: `"min"` or `"max"`, what is better; `"auto"` tells it by the name.
        baseline: a value that must be beaten for the patience to begin anew.
        restore_best_weights: at the end, put back the weights of the best epoch.
        start_from_epoch: epochs to wait before anything is watched.

    Raises:
        ValueError: for another mode, or, in training, if there is no such number or no telling what is better.
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        if mode == "auto":
            name = monitor.removeprefix("val_")
            if name not in _DIRECTIONS:
                raise ValueError(f"EarlyStopping: mode must be 'min' or 'max' for monitor={monitor!r}, got 'auto'")
            mode = _DIRECTIONS[name]
        self._better = utils.lookup("EarlyStopping", "mode", mode, _BETTER)
        self.monitor, self.mode = monitor, mode
        self.min_delta = abs(min_delta) if mode == "max" else -abs(min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs=None):
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def _improves(self, value, reference):
        return reference is None or self._better(value - self.min_delta, reference)

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in (logs or {}):
            raise ValueError(
                f"EarlyStopping: monitor must be one of {', '.join(logs or {})}; got {self.monitor!r}. "
                "Names with val_ need validation_data in fit"
            )
        if epoch < self.start_from_epoch:
            return
        value = logs[self.monitor]
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self._improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
