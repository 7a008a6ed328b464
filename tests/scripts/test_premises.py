"""What a configuration says of registry, key and kinds, and what options say instead."""

from pathlib import Path
from typing import Any

import pytest
import typer

from common.errors import ConfigError, RegistryError
from common.models.kinds import KINDS
from common.models.signature import load_key, make_key
from scripts.premises import DEFAULT_REGISTRY, Premises
from tests.scripts.models.configuring import config_file

MEAN = "mean=tests.common.models.own_kind:MeanModel"


def test_without_a_configuration_there_are_defaults() -> None:
    """The usual registry, no key, the kinds there are; an instance has to be named."""
    found = Premises.of(None, None)
    assert (found.registry, found.key, dict(found.kinds)) == (DEFAULT_REGISTRY, None, dict(KINDS))
    with pytest.raises(typer.BadParameter, match="name it"):
        assert found.named_instance
    assert Premises.of(None, None, instance="own").named_instance == "own"


def test_a_configuration_says_all_of_it(tmp_path: Path) -> None:
    """Registry, key, kinds and instance."""
    key = make_key(tmp_path / "key")
    config = config_file(tmp_path, registry="elsewhere", key=str(tmp_path / "key"), kinds=[MEAN])
    found = Premises.of(config, None)
    assert (found.registry, found.key, found.named_instance) == (Path("elsewhere"), key, "test")
    assert set(found.kinds) == {*KINDS, "mean"}


def test_options_count_before_the_configuration(tmp_path: Path) -> None:
    """Another registry, another key; kinds are added."""
    for name in ("key", "other"):
        make_key(tmp_path / name)
    config = config_file(tmp_path, registry="elsewhere", key=str(tmp_path / "key"), kinds=[MEAN])
    found = Premises.of(config, tmp_path, tmp_path / "other", [MEAN.replace("mean=", "average=")])
    assert (found.registry, found.key) == (tmp_path, load_key(tmp_path / "other"))
    assert set(found.kinds) == {*KINDS, "mean", "average"}


@pytest.mark.parametrize(
    ("values", "told"), [({"key": "none"}, "none cannot be read"), ({"kinds": ["mean"]}, "name=module:Class")]
)
def test_what_is_wrong_in_it_names_it(values: dict[str, Any], told: str, tmp_path: Path) -> None:
    """A key that is not there, kinds that are none: it is the configuration that is wrong."""
    with pytest.raises(typer.BadParameter, match=told) as refused:
        Premises.of(config_file(tmp_path, **values), None)
    assert refused.value.param_hint == "--config"


def test_a_configuration_of_another_instance_is_a_mistake(tmp_path: Path) -> None:
    """Named twice, it has to be one."""
    assert Premises.of(config_file(tmp_path), None, instance="test").named_instance == "test"
    with pytest.raises(ConfigError, match="is of instance 'test', and --instance says 'tset'"):
        Premises.of(config_file(tmp_path), None, instance="tset")


def test_only_the_maker_makes_a_registry(tmp_path: Path) -> None:
    """Whoever reads or changes one has to name one that is there."""
    premises = Premises.of(None, tmp_path / "registry")
    for opening in (premises.reader, premises.writer):
        with pytest.raises(RegistryError, match="there is no registry"):
            opening()
    premises.maker().close()
    premises.writer().close()
