"""Shared memory: both sides see the same numbers, and it can only grow."""

import os

import numpy as np
import pytest

from services.inference_worker.mailbox import Mailbox


def test_both_sides_see_the_same_numbers() -> None:
    """A second mailbox over the same memory reads what the first wrote, also after it has grown."""
    ours = Mailbox.create()
    theirs = Mailbox(os.dup(ours.descriptor))
    for features, symbols in ((2, 3), (16, 5000), (2, 3), (158, 5000)):
        values = np.random.default_rng(symbols).standard_normal((features, symbols))
        ours.grow(features, symbols)
        ours.features(features, symbols)[...] = values
        np.testing.assert_array_equal(theirs.features(features, symbols), values)
        theirs.predictions(features, symbols)[...] = values[0]
        np.testing.assert_array_equal(ours.predictions(features, symbols), values[0])
    ours.close()
    theirs.close()


def test_it_cannot_be_shrunk_by_either_side() -> None:
    """A child that truncated it would kill the parent at its next access."""
    mailbox = Mailbox.create()
    mailbox.grow(2, 1000)
    with pytest.raises(PermissionError):
        os.ftruncate(mailbox.descriptor, 0)
    mailbox.close()


def test_it_is_not_inherited_by_accident() -> None:
    """Only a descriptor passed on purpose reaches a child."""
    mailbox = Mailbox.create()
    assert not os.get_inheritable(mailbox.descriptor)
    mailbox.close()
