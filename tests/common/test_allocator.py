"""Freed memory is kept: what the next section takes is there already."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from common.allocator import keep_freed_memory

if sys.argv[1] == "kept":
    assert keep_freed_memory()
for round in range(20):
    if round == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    sections = [bytes(1 << 20) for _ in range(8)]
    del sections
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_sections_that_follow_each_other_cost_no_page_faults() -> None:
    """Ten rounds of eight megabytes: otherwise each page of them is one."""

    def faults(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert faults("kept") * 10 < faults("given back")
