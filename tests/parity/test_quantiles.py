"""Buckets of a section against pandas' `qcut`, by which alphalens cuts."""

import json
import subprocess

import numpy as np

from common.research.analysis.quantiles import quantiles
from tests.parity.asking import PYTHON

COUNTS, SIZES = range(2, 21), range(20, 130)
SCRIPT = """
import json, sys
import pandas
asked = json.load(sys.stdin)
cut = lambda row, count: pandas.qcut(row, count, labels=False).tolist()
print(json.dumps([[cut(row, count) for row in asked["rows"]] for count in asked["counts"]]))
"""


def test_buckets_are_those_of_pandas() -> None:
    """Of any number of buckets and of distinct values, evenly apart or not."""
    random = np.random.default_rng(0)
    rows = [row for size in SIZES for row in (np.arange(float(size)), random.standard_normal(size))]
    asked = json.dumps({"rows": [row.tolist() for row in rows], "counts": list(COUNTS)})
    done = subprocess.run([PYTHON, "-c", SCRIPT], input=asked, capture_output=True, text=True, check=True)
    for count, theirs in zip(COUNTS, json.loads(done.stdout), strict=True):
        assert [quantiles(row[None], count)[0].tolist() for row in rows] == theirs
