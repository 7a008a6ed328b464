"""Signatures: what is not signed with the key is refused, and the key is nobody else's."""

from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import BundleError, ConfigError, ModelError
from common.models.registry import Registry
from common.models.signature import (
    Key,
    check_signature,
    configured_key,
    load_key,
    make_key,
    optional_key,
    place,
    read_signature,
)
from tests.common.models.sample_bundle import sketch

OURS, THEIRS = Key(b"a" * 32), Key(b"b" * 32)


def _registry(root: Path, key: Key | None) -> Registry:
    return Registry(root, clock=lambda: 1, key=key)


def test_a_key_comes_back_and_is_only_its_owners(tmp_path: Path) -> None:
    """The file is mode 600, is never overwritten, and the secret stands in no repr."""
    made = make_key(tmp_path / "key")
    assert load_key(tmp_path / "key") == made
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert make_key(tmp_path / "other") != made
    assert made.secret.hex() not in repr(made) + made.id
    with pytest.raises(ModelError, match="cannot be made"):
        make_key(tmp_path / "key")


@pytest.mark.parametrize("body", [b"", b"secret", b"alphabus-hmac-sha256 abcd", b"x" * 2000, b"\xff" * 90])
def test_what_is_no_key_is_refused(tmp_path: Path, body: bytes) -> None:
    """With the command that makes one."""
    path = tmp_path / "key"
    path.write_bytes(body)
    path.chmod(0o600)
    with pytest.raises(ModelError, match=r"scripts\.models key"):
        load_key(path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it; and a missing one by name."""
    make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(ModelError, match="chmod 600"):
        load_key(tmp_path / "key")
    with pytest.raises(ModelError, match="none"):
        load_key(tmp_path / "none")


def test_a_key_that_may_be_named(tmp_path: Path) -> None:
    """None where none is; one that cannot be used is a wrong configuration where a configuration names it."""
    assert optional_key(None) is None
    assert configured_key(None) is None
    made = make_key(tmp_path / "key")
    assert optional_key(tmp_path / "key") == configured_key(tmp_path / "key") == made
    with pytest.raises(ModelError, match="none cannot be read"):
        optional_key(tmp_path / "none")
    with pytest.raises(ConfigError, match="none cannot be read"):
        configured_key(tmp_path / "none")


def test_what_a_registry_with_a_key_adds_is_signed(tmp_path: Path) -> None:
    """It loads with that key, and without any."""
    for key in (OURS, None):
        with _registry(tmp_path, OURS) as registry:
            ref = registry.add(sketch(), author="ann")
        with _registry(tmp_path, key) as registry:
            assert registry.load(ref) == sketch()


def test_what_is_not_signed_is_refused(tmp_path: Path) -> None:
    """Until it is signed; one of another key is refused by name."""
    with _registry(tmp_path, None) as registry:
        ref = registry.add(sketch(), author="ann")
    with _registry(tmp_path, OURS) as registry:
        with pytest.raises(BundleError, match="not signed"):
            registry.load(ref)
        registry.sign(ref, THEIRS)
        with pytest.raises(BundleError, match=f"signed with key {THEIRS.id}"):
            registry.load(ref)
        with pytest.raises(BundleError, match=f"demo/1 is signed with key {THEIRS.id}; to put {OURS.id} in its place"):
            registry.sign(ref, OURS)
        registry.sign(ref, OURS, replace=True)
        assert registry.load(ref) == sketch()


def test_a_bundle_that_comes_again_keeps_its_signature(tmp_path: Path) -> None:
    """With another key's, from elsewhere or of a key of one's own, it is refused by name, and nothing changes."""
    digest = sketch().digest
    with _registry(tmp_path, None) as registry:
        for signature in (OURS.sign(digest), None, OURS.sign(digest)):
            ref = registry.receive(sketch(), signature, author="ann", why="")
        with pytest.raises(BundleError, match=f"demo is signed with key {OURS.id}; to put {THEIRS.id} in its place"):
            registry.receive(sketch(), THEIRS.sign(digest), author="bob", why="")
    with _registry(tmp_path, THEIRS) as registry, pytest.raises(BundleError, match="demo is signed with key"):
        registry.add(sketch(), author="bob")
    with _registry(tmp_path, OURS) as registry:
        assert registry.load(ref) == sketch()


def test_a_signature_is_of_one_bundle(tmp_path: Path) -> None:
    """Another bundle's, an older one's among them, says nothing of this one."""
    with _registry(tmp_path, OURS) as registry:
        old, new = (registry.add(sketch(seed=seed), author="ann") for seed in (1, 2))
        place(registry.folder(new)).write_bytes(place(registry.folder(old)).read_bytes())
        assert registry.load(old) == sketch(seed=1)
        with pytest.raises(BundleError, match="wrong"):
            registry.load(new)


def test_every_flipped_bit_of_a_signature_is_found(tmp_path: Path) -> None:
    """And every truncation."""
    with _registry(tmp_path, OURS) as registry:
        folder = registry.folder(registry.add(sketch(), author="ann"))
    body = read_signature(folder) or b""
    assert body == OURS.sign(folder.name)
    flipped = [bytes([*body[:at], body[at] ^ 1 << bit, *body[at + 1 :]]) for at in range(len(body)) for bit in range(8)]
    for wrong in [*flipped, *(body[:length] for length in range(len(body))), body * 2]:
        place(folder).write_bytes(wrong)
        with pytest.raises(BundleError):
            check_signature(folder, OURS)


def test_a_changed_bundle_has_no_use_for_a_signature(tmp_path: Path) -> None:
    """The digest is signed, and the content is compared with the digest."""
    with _registry(tmp_path, OURS) as registry:
        ref = registry.add(sketch(), author="ann")
        (registry.folder(ref) / "notes.txt").write_bytes(b"seed 1")
        with pytest.raises(BundleError, match="digest differs"):
            registry.load(ref)


def test_what_comes_from_elsewhere_must_be_signed(tmp_path: Path) -> None:
    """A registry with a key takes nothing unsigned, and keeps the signature of what it takes."""
    with _registry(tmp_path, OURS) as registry:
        for signature, told in (
            (None, "not signed"),
            (THEIRS.sign(sketch().digest), "signed with key"),
            (b"x", "sign it"),
        ):
            with pytest.raises(BundleError, match=told):
                registry.receive(sketch(), signature, author="ann", why="")
        assert registry.models() == []
        ref = registry.receive(sketch(), OURS.sign(sketch().digest), author="ann", why="")
        assert registry.load(ref) == sketch()


def test_a_removed_bundle_leaves_no_signature(tmp_path: Path) -> None:
    """Nor does one that was never finished."""
    with _registry(tmp_path, OURS) as registry:
        ref = registry.add(sketch(), author="ann")
        (registry.bundles / f"{'0' * 64}.signature").write_bytes(b"left")
        registry.remove(ref.name, ref.version, by="ann", why="")
        assert list(registry.bundles.iterdir()) == []


def test_two_keys_differ_in_everything() -> None:
    """Id and signature."""
    assert OURS.id != THEIRS.id
    assert OURS.sign("0" * 64) != replace(OURS, secret=THEIRS.secret).sign("0" * 64)
