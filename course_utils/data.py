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
    "novel.txt": "dfc684d4f857fa938268f9ab9c5567b64bd0691251eca959644adeabe6287a4d",
    "drinks.csv": "1e2556839fb3b67bbb90a8f8b55a372535a535a8f080686cb77e216fe3b5798b",
    "penguins.csv": "1867a776a83379df4219f227bb1effb967da12adb13732127c8c8d120434c29b",
    "digits.npz": "458f1ccd72e6b1fb77f331e7100b7fed0c04b5a813d21022a9a49a28d55cd816",
    "growth.npz": "33684e8960d66fcab2b42b1fcc72dbc26e3a3ad575d711892cca813123f9ef7e",
    "houses.csv": "e50b2ce516c6a67e7609389999458c580515d17f9a5ccfafd02b526a1b3630d6",
    "retail.csv": "953c76e4f8c7b427e59a79e00cb6acb2de9da0449b3a50a4951d54344db6883c",
    "tweets.csv": "4d65f3aed80d702597b772feab370b246ae28c7528f2b8b1d66c2a3b9a6d57d5",
    "words.npz": "1d08586a042fed8481cf42f032728461b3cd57672f6ca7b139bbcc6b699e93d1",
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
    rows = csv.DictReader(text("penguins.csv"))
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
    table = np.loadtxt(text("houses.csv"), delimiter=",", skiprows=1)
    return Houses(table[:, :-1].copy(), table[:, -1].copy(), HOUSE_FEATURES)


class Drinks(NamedTuple):
    """A series of sales, one number a month.

    Args:
        months: the first day of each month, datetime64[M] `(309,)`.
        sales: in millions of US dollars, float64 `(309,)`.
    """

    months: np.ndarray
    sales: np.ndarray


def load_drinks():
    """Load the monthly sales of US wholesalers of alcoholic drinks, January 1992 to September 2017.

    Returns:
        Drinks: `months` `(309,)`, `sales` `(309,)` in millions of US dollars, not adjusted for the season.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: US Census Bureau, through FRED (series S4248SM144NCEN).
    """
    months, sales = zip(*csv.reader(text("drinks.csv")))
    return Drinks(np.array(months[1:], dtype="datetime64[M]"), np.array(sales[1:], dtype=np.float64))


class Retail(NamedTuple):
    """Series of turnover, one row a month, one column an industry.

    Args:
        months: the first day of each month, datetime64[M] `(441,)`.
        turnover: in millions of Australian dollars, float64 `(441, 15)`.
        industries: what the columns of `turnover` are.
    """

    months: np.ndarray
    turnover: np.ndarray
    industries: tuple


def load_retail():
    """Load the monthly turnover of 15 industries of retail trade in Victoria, Australia, April 1982 to December 2018.

    Returns:
        Retail: `months` `(441,)`, `turnover` `(441, 15)` in millions of Australian dollars, not adjusted for the
        season, `industries`. No industry is part of another, so a row's sum is the whole turnover.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: Australian Bureau of Statistics, catalogue number 8501.0, table 11.
    """
    header, *rows = csv.reader(text("retail.csv"))
    table = np.array(rows)
    return Retail(table[:, 0].astype("datetime64[M]"), table[:, 1:].astype(np.float64), tuple(header[1:]))


DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # (rows, columns) from frame to frame


def moving_shapes(clips, frames=2, side=16, seed=0):
    """Make small videos of a square, a disc or a cross that moves one pixel from each frame to the next.

    The first frame tells nothing about the direction: place, shape and brightness are drawn without regard to it.

    Args:
        clips: how many videos.
        frames: of each video.
        side: height and width of a frame, in pixels.
        seed: of the random numbers.

    Returns:
        `(x, y)`: frames float32 `(clips, frames, side, side)`, from 0.5 to 1 on the shape and 0 elsewhere; labels
        int64 `(clips,)`, the position of the direction in `DIRECTIONS`.

    Raises:
        ValueError: if there are no clips or frames, or the shapes would leave the frame.
    """
    margin = 2 + frames - 1  # half a shape, and the way that it goes
    if clips < 1 or frames < 1 or side < 2 * margin + 1:
        raise ValueError(f"clips and frames must be at least 1 and side at least {2 * margin + 1}, got {side}")
    random = np.random.default_rng(seed)
    y = random.integers(len(DIRECTIONS), size=clips)
    shape = random.integers(3, size=(clips, 1, 1, 1))
    start = random.integers(margin, side - margin, size=(clips, 1, 2))
    way = np.array(list(DIRECTIONS.values()))[y, np.newaxis]  # (clips, 1, 2)
    center = start + way * np.arange(frames)[:, np.newaxis]  # (clips, frames, 2)
    away = np.abs(center[..., np.newaxis] - np.arange(side))  # (clips, frames, 2, side)
    down, across = away[:, :, 0, :, np.newaxis], away[:, :, 1, np.newaxis, :]
    square = np.maximum(down, across) <= 2
    x = np.choose(shape, [square, down**2 + across**2 <= 5, square & (np.minimum(down, across) == 0)])
    return (x * random.uniform(0.5, 1, size=(clips, 1, 1, 1))).astype(np.float32), y


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
    x, y = arrays("digits.npz").values()
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
    return Growth(**arrays("growth.npz"))


class Tweets(NamedTuple):
    """Short texts and what people felt when they read them.

    Args:
        texts: tuple of 4,200 str.
        ratings: mean rating of each text by at least 20 people, each from -4 (most negative) to 4 (most positive),
            float64 `(4200,)`.
    """

    texts: tuple
    ratings: np.ndarray


def load_tweets():
    """Load 4,200 tweet-like English texts with the mean rating of their sentiment, in random order.

    Returns:
        Tweets: `texts`, 4,200 of them, as they were written: with `@anonymous` for names, `http://url_removed` for
        links, and `&amp;`, `&lt;`, `&gt;`; `ratings` `(4200,)`.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: Hutto and Gilbert (2014), VADER, ICWSM.
    """
    ratings, texts = zip(*csv.reader(text("tweets.csv")))
    return Tweets(texts[1:], np.array(ratings[1:], dtype=np.float64))


class Words(NamedTuple):
    """Words and their vectors, the most frequent word first.

    Args:
        words: tuple of 15,000 str, all in lower case; some are punctuation or numbers.
        vectors: float32 `(15000, 50)`, row `i` for word `i`.
    """

    words: tuple
    vectors: np.ndarray


def load_words():
    """Load the GloVe vectors of the 15,000 most frequent words of English Wikipedia and news.

    Returns:
        Words: `words`, 15,000 of them, and `vectors` `(15000, 50)`, within 0.002 of the originals.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: Pennington, Socher and Manning (2014), GloVe, EMNLP; glove.6B.50d.
    """
    file = arrays("words.npz")
    return Words(tuple(file["words"].tobytes().decode("utf-8").split("\n")), file["vectors"].astype(np.float32))


def load_novel():
    """Load the text of "Pride and Prejudice" by Jane Austen, published in 1813.

    Returns:
        str of 684,768 characters, all ASCII, with the line ends of the file; a word in italics has `_` on both sides.

    Raises:
        ValueError: if the file is not the original.
        FileNotFoundError: if the file is missing.

    Source: Project Gutenberg, through the R package janeaustenr.
    """
    return text("novel.txt").getvalue()


def arrays(name):
    """Return the arrays of one file in `data/` after checking it.

    Args:
        name: as of `read`, of an npz file.

    Returns:
        dict, in the file's order.

    Raises:
        ValueError, FileNotFoundError: as `read`.
    """
    with np.load(io.BytesIO(read(name)), allow_pickle=False) as file:
        return dict(file)


def text(name):
    """Return one file in `data/` as text to read line by line, after checking it.

    Args:
        name: as of `read`.

    Returns:
        io.StringIO.

    Raises:
        ValueError, FileNotFoundError: as `read`.
    """
    return io.StringIO(read(name).decode("utf-8"), newline="")


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
