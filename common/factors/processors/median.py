"""The median by quickselect, the same whatever order the numbers come in, and clipping."""

from common.factors.kernels.build import Floats, part_of_kernel
from common.factors.kernels.memory import finite


@part_of_kernel
def select(found: Floats, count: int, rank: int) -> float:
    """The number of that rank, 0 for the smallest; afterwards smaller ones stand before it, larger ones behind."""
    low, high = 0, count - 1
    while low < high:
        pivot = found[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while found[left] < pivot:
                left += 1
            while pivot < found[right]:
                right -= 1
            if left <= right:
                found[left], found[right] = found[right], found[left]
                left += 1
                right -= 1
        if rank <= right:
            high = right
        elif rank >= left:
            low = left
        else:
            break
    number: float = found[rank]
    return number


@part_of_kernel
def middle_pair(found: Floats, count: int) -> tuple[float, float]:
    """The middle two of the first `count` numbers, at least one, finite; twice the middle one if there is one."""
    rank = (count - 1) // 2
    below = select(found, count, rank)
    if count % 2 == 1:
        return below, below
    above = found[rank + 1]
    for i in range(rank + 2, count):
        above = min(above, found[i])
    return below, above


@part_of_kernel
def median(found: Floats, count: int) -> float:
    """The median of the first `count` numbers, which are reordered; the mean of the middle two if even."""
    below, above = middle_pair(found, count)
    # Which zero came first must not show.
    middle: float = finite((below + above) / 2.0) + 0.0
    return middle


@part_of_kernel
def clipped(number: float, limit: float) -> float:
    """The number, or the limit it is beyond; NaN stays."""
    if number > limit:
        return limit
    if number < -limit:
        return -limit
    return number
