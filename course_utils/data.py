"""The course's data: small files in `data/`, checked against their SHA-256 each time they are read.

Origin, licence and the way each file was made stand in `data/README.md`; nothing is fetched.
"""

import csv
import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "data"
SHA256 = {
    "penguins.csv": "1867a776a83379df4219f227bb1effb967da12adb13732127c8c8d120434c29b",
    "digits.npz": "458f1ccd72e6b1fb77f331e7100b7fed0c04b5a813d21022a9a49a28d55cd816",
    "growth.npz": "33684e8960d66fcab2b42b1fcc72dbc26e3a3ad575d711892cca813123f9ef7e",
    "houses.csv": "e50b2ce516c6a67e7609389999458c580515d17f9a5ccfafd02b526a1b3630d6",
}
MADE_BY = {"growth.npz": "experiments.py"}  # the others by build.py
SPECIES = ("Adelie", "Chinstrap", "Gentoo")
MEASUREMENTS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
HOUSE_FEATURES = ("living_area_sqft", "basement_area_sqft", "garage_area_sqft", "year_built", "condition")
TRAINING_DIGITS = 4000


class Penguins(NamedTuple):
    """Penguins as arrays, one row a bird.

    Args:
        x: measurements in mm and g, float64 `(birds, 4)`.
        y: the position of each bird's species in `species`, int64 `(birds,)`.
        feature_names: what the columns of `x` are.
        species: what the numbers in `y` mean.
    """

    x: np.ndarray
    y: np.ndarray
    feature_names: tuple
    species: tuple


def load_penguins(species=("Adelie", "Gentoo")):
    """Load the penguins of some species, in the file's order, without those that miss a measurement.

    Args:
        species: two or three different names out of "Adelie", "Chinstrap", "Gentoo"; the first becomes
            label 0, the second label 1, and so on.

    Returns:
        Penguins: `x` `(birds, 4)`, `y` `(birds,)`, `feature_names`, `species`; 274 birds by default.

    Raises:
        ValueError: if `species` is anything else, or the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: Horst, Hill and Gorman (2020), palmerpenguins.
    """
    names = (species,) if isinstance(species, str) else tuple(species)
    if len(names) < 2 or len(set(names)) < len(names) or not set(names) <= set(SPECIES):
        raise ValueError(f"species must be two or three different names out of {SPECIES}, got {species!r}")
    rows = csv.DictReader(io.StringIO(read("penguins.csv").decode("ascii")))
    birds = [row for row in rows if row["species"] in names and all(row[name] for name in MEASUREMENTS)]
    x = np.array([[float(bird[name]) for name in MEASUREMENTS] for bird in birds])
    y = np.array([names.index(bird["species"]) for bird in birds], dtype=np.int64)
    return Penguins(x, y, MEASUREMENTS, names)


class Houses(NamedTuple):
    """House sales as arrays, one row a sale.

    Args:
        x: features in the order of `feature_names`, float64 `(sales, 5)`.
        y: sale prices in US dollars, float64 `(sales,)`.
        feature_names: what the columns of `x` are; areas in square feet, condition from 1 (very poor) to 9 (excellent).
    """

    x: np.ndarray
    y: np.ndarray
    feature_names: tuple


def load_houses():
    """Load the 2,930 house sales of Ames, Iowa, 2006 to 2010, in the file's order (which is not a random one).

    Returns:
        Houses: `x` `(2930, 5)`, `y` `(2930,)` in US dollars, `feature_names`.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: De Cock (2011), Journal of Statistics Education 19(3).
    """
    table = np.loadtxt(io.StringIO(read("houses.csv").decode("ascii")), delimiter=",", skiprows=1)
    return Houses(table[:, :-1].copy(), table[:, -1].copy(), HOUSE_FEATURES)


def load_digits():
    """Load 5,000 handwritten digits in the form of `keras.datasets.mnist.load_data()`.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 `(4000, 28, 28)` and `(1000, 28, 28)` from 0
        (background) to 255, labels uint8 `(4000,)` and `(1000,)`.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: LeCun and Cortes, MNIST; 500 of each digit.
    """
    with np.load(io.BytesIO(read("digits.npz")), allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
    train, test = slice(None, TRAINING_DIGITS), slice(TRAINING_DIGITS, None)
    return (x[train].copy(), y[train].copy()), (x[test].copy(), y[test].copy())


class Growth(NamedTuple):
    """Accuracies of 1,350 small trainings on the digits, and the axes of that grid.

    Args:
        new: accuracies on the 1,000 new digits, float32 `(rates, units, sizes, seeds)`.
        learned: accuracies on the digits learned from, likewise.
        rates: learning rates `(5,)`.
        units: hidden units `(9,)`, 0 for the linear model.
        sizes: numbers of digits to learn from `(6,)`.
        seeds: of the five trainings of each setting `(5,)`.
    """

    new: np.ndarray
    learned: np.ndarray
    rates: np.ndarray
    units: np.ndarray
    sizes: np.ndarray
    seeds: np.ndarray


def load_growth():
    """Load what `data/experiments.py` measured: accuracy by learning rate, hidden units and number of digits.

    Returns:
        Growth.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.
    """
    with np.load(io.BytesIO(read("growth.npz")), allow_pickle=False) as arrays:
        return Growth(**{name: arrays[name] for name in Growth._fields})


def read(name):
    """Return the bytes of one file in `data/` after checking them.

    Args:
        name: a key of `SHA256`, such as "penguins.csv".

    Returns:
        bytes.

    Raises:
        ValueError: if there is no such name, or the file is not the original.
        FileNotFoundError: if the file is missing.
    """
    if name not in SHA256:
        raise ValueError(f"name must be one of {tuple(SHA256)}, got {name!r}")
    remedy = (
        f"restore it, in the project's folder, with `git checkout -- data/{name}` "
        f"or `python data/{MADE_BY.get(name, f'build.py {Path(name).stem}')}`"
    )
    try:
        content = (DATA / name).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"data/{name} is missing; {remedy}") from None
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise ValueError(f"data/{name} is not the original file (cut short or altered); {remedy}")
    return content
