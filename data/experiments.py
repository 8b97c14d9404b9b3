"""Make growth.npz again: 1,350 small trainings on the digits, about a quarter of an hour on one core.

python data/experiments.py             makes the whole grid and writes data/growth.npz
python data/experiments.py --check 3   makes three of its entries again and compares

Each entry is one training in NumPy, as the growth explorer makes it live: some digits, some hidden units, a learning
rate and a seed, which chooses the digits, their order and the first weights. Other processors round otherwise, so a
few digits more or less are right there, and the file that they make has another SHA-256.
"""

import argparse
import hashlib
import io
import itertools
import math
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from course_utils import data, nn  # noqa: E402  (found only through the line above)
from course_utils.explorers import growth_runs as runs  # noqa: E402

AXES = {
    "rates": (0.0001, 0.001, 0.01, 0.1, 1.0),
    "units": (0, 1, 2, 4, 8, 16, 32, 64, 128),  # 0: linear
    "sizes": (125, 250, 500, 1000, 2000, 4000),
    "seeds": (0, 1, 2, 3, 4),
}


def train(rate, units, size, seed):
    """Train once.

    Args:
        rate: learning rate.
        units: hidden units, 0 for the linear model.
        size: number of digits to learn from.
        seed: of everything random.

    Returns:
        Accuracy on the 1,000 new digits, and on the digits learned from.
    """
    (x, y), new = runs.digits()
    rows, batches = runs.batches(size, seed)
    nn.utils.set_random_seed(seed)
    model = runs.build(nn, units, rate)
    for batch in batches:
        model.train_on_batch(x[batch], y[batch])
    return [np.mean(model.predict(a, batch_size=1000).argmax(axis=1) == b) for a, b in (new, (x[rows], y[rows]))]


def make():
    """Make the whole grid, with a line for each part of it.

    Returns:
        growth.npz as bytes.
    """
    shape = [len(values) for values in AXES.values()]
    found = []
    for entry in itertools.product(*AXES.values()):
        found.append(train(*entry))
        if len(found) % math.prod(shape[2:]) == 0:
            print(
                f"η = {entry[0]:g}, {entry[1]} hidden units: {len(found)} of {math.prod(shape)} trainings", flush=True
            )
    new, learned = np.array(found, "float32").T.reshape(2, *shape)
    return packed(new, learned)


def packed(new, learned):
    """Return growth.npz as bytes.

    Args:
        new: accuracies on new digits `(rates, units, sizes, seeds)`.
        learned: accuracies on the digits learned from, likewise.
    """
    file = io.BytesIO()
    np.savez_compressed(file, new=new, learned=learned, **{name: np.array(values) for name, values in AXES.items()})
    return file.getvalue()


def differences(count, seed=0):
    """Make some entries again, with a learning rate small enough not to magnify rounding.

    Args:
        count: how many.
        seed: of the choice.

    Returns:
        Dict from (rate, units, size, seed) to the largest difference from growth.npz.
    """
    grid = data.load_growth()
    entries = [entry for entry in itertools.product(*AXES.values()) if entry[0] <= 0.001]
    chosen = np.random.default_rng(seed).choice(len(entries), size=count, replace=False)
    found = {}
    for entry in (entries[i] for i in chosen):
        place = tuple(values.index(value) for values, value in zip(AXES.values(), entry))
        found[entry] = float(max(abs(np.subtract(train(*entry), (grid.new[place], grid.learned[place])))))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make data/growth.npz again.")
    parser.add_argument("--check", type=int, metavar="N", help="make N entries again and compare; write nothing")
    count = parser.parse_args().check
    if count:
        found = differences(count)
        for (rate, units, size, seed), difference in found.items():
            print(f"η = {rate:g}, {units} hidden units, {size} digits, seed {seed}: off by {difference:.4f}")
        sys.exit(max(found.values()) > 0.01)
    began = time.time()
    content = make()
    (data.DATA / "growth.npz").write_bytes(content)
    print(f"data/growth.npz: {len(content):,} bytes, {time.time() - began:.0f} seconds")
    if (checksum := hashlib.sha256(content).hexdigest()) != data.SHA256["growth.npz"]:
        print(f"Another file than the course was written with. To keep it: {checksum} in course_utils/data.py.")
