"""Bundles: whole and true to their name, or refused."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from common.errors import BundleError
from common.models.bundle import MANIFEST, Bundle, load_bundle, save_bundle
from common.models.golden import encode_array
from common.models.manifest import encode_manifest
from tests.common.models.sample_bundle import draft, make_bundle, saved


def _tiny() -> Bundle:
    return Bundle.make(draft(), {"a.txt": b"alpha", "b.npy": encode_array(np.arange(3.0))})


def test_a_bundle_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """Manifest, files and digest are the same, and the folder has the digest's name."""
    bundle = make_bundle()
    folder = save_bundle(tmp_path, bundle)
    assert load_bundle(folder) == bundle
    assert folder.name == bundle.digest


def test_saving_twice_keeps_the_first_and_leaves_nothing_else(tmp_path: Path) -> None:
    """The second time nothing is written, and no temporary folder stays."""
    bundle = _tiny()
    first = save_bundle(tmp_path, bundle).stat().st_ino
    assert save_bundle(tmp_path, bundle).stat().st_ino == first
    assert os.listdir(tmp_path) == [bundle.digest]  # noqa: PTH208  names, not paths


def test_a_corrupt_one_in_its_place_is_not_taken_for_it(tmp_path: Path) -> None:
    """Saving over a damaged bundle of the same name says so."""
    folder = save_bundle(tmp_path, _tiny())
    (folder / "a.txt").write_bytes(b"alphA")
    with pytest.raises(BundleError, match=r"a\.txt"):
        save_bundle(tmp_path, _tiny())


def test_a_crash_while_saving_leaves_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever write to disk fails, there is no bundle or a whole one, and saving again mends it."""
    real, calls = os.fsync, list[int]()

    def failing(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == stop_at:
            raise OSError("disk full")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    for stop_at in range(1, 6):
        calls.clear()
        root = tmp_path / str(stop_at)
        with pytest.raises(OSError, match="disk full"):
            save_bundle(root, _tiny())
        assert all(load_bundle(folder) == _tiny() for folder in root.iterdir())
        assert load_bundle(save_bundle(root, _tiny())) == _tiny()


def test_golden_arrays_come_back(tmp_path: Path) -> None:
    """Inputs [F, G] and outputs [G] are read from the bundle's own files."""
    golden = load_bundle(saved(tmp_path)).golden()
    assert golden.inputs.shape == (3, 8)
    assert golden.outputs.shape == (8,)


def test_golden_arrays_must_fit_the_features() -> None:
    """Inputs for another number of features are refused."""
    wrong = {"golden_inputs.npy": encode_array(np.ones((2, 4))), "golden_outputs.npy": encode_array(np.ones(4))}
    with pytest.raises(BundleError, match="do not fit"):
        Bundle.make(draft(), wrong).golden()


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    """Each single bit of each file, manifest included, makes the bundle unreadable."""
    folder = save_bundle(tmp_path, _tiny())
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        with path.open("r+b", buffering=0) as file:
            for bit in range(8 * len(body)):
                os.pwrite(file.fileno(), bytes([body[bit // 8] ^ 1 << bit % 8]), bit // 8)
                with pytest.raises(BundleError):
                    load_bundle(folder)
                os.pwrite(file.fileno(), body[bit // 8 : bit // 8 + 1], bit // 8)
    assert load_bundle(folder) == _tiny()


def test_every_truncation_is_found(tmp_path: Path) -> None:
    """A file cut at any byte makes the bundle unreadable."""
    folder = save_bundle(tmp_path, _tiny())
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        for length in range(len(body)):
            path.write_bytes(body[:length])
            with pytest.raises(BundleError):
                load_bundle(folder)
        path.write_bytes(body)


def _extra_file(folder: Path) -> None:
    (folder / "b.txt").write_bytes(b"b")


def _extra_folder(folder: Path) -> None:
    (folder / "more").mkdir()


def _missing(folder: Path) -> None:
    (folder / "a.txt").unlink()


def _link(folder: Path) -> None:
    (folder / "a.txt").rename(folder.parent / "a.txt")
    (folder / "a.txt").symlink_to(folder.parent / "a.txt")


def _fifo(folder: Path) -> None:
    (folder / "a.txt").unlink()
    os.mkfifo(folder / "a.txt")


def _folder_for_file(folder: Path) -> None:
    (folder / "a.txt").unlink()
    (folder / "a.txt").mkdir()


def _no_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _other_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(encode_manifest(draft("other")))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_extra_file, "b.txt does not belong here"),
        (_extra_folder, "more does not belong here"),
        (_missing, "a.txt missing"),
        (_link, "a.txt cannot be read"),
        (_fifo, "a.txt is not a plain file"),
        (_folder_for_file, "a.txt is not a plain file"),
        (_no_manifest, "manifest.json cannot be read"),
        (_other_manifest, "not the folder's name"),
    ],
)
def test_any_other_folder_is_refused(tmp_path: Path, damage: Callable[[Path], None], told: str) -> None:
    """The error names the folder, the file, and what is wrong with it."""
    folder = save_bundle(tmp_path / "bundles", _tiny())
    damage(folder)
    with pytest.raises(BundleError) as refused:
        load_bundle(folder)
    assert told in str(refused.value)
    assert str(folder) in str(refused.value)


def test_a_wrong_name_is_refused(tmp_path: Path) -> None:
    """A copy under another name is another bundle, and not a true one."""
    folder = save_bundle(tmp_path, _tiny())
    with pytest.raises(BundleError, match="not the folder's name"):
        load_bundle(Path(shutil.copytree(folder, tmp_path / "copy")))


def test_a_link_to_a_bundle_is_refused(tmp_path: Path) -> None:
    """The folder itself must be one."""
    folder = save_bundle(tmp_path / "real", _tiny())
    link = tmp_path / folder.name
    link.symlink_to(folder)
    with pytest.raises(BundleError, match="cannot be opened as a folder"):
        load_bundle(link)


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing folder is a readable error."""
    with pytest.raises(BundleError, match="cannot be opened as a folder"):
        load_bundle(tmp_path / "none")
