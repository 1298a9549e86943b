"""Everything public is measured: it has a claim on its growth, and measures have a reference."""

import inspect

import pyinfo
from bench.growth.claims import CLAIMS, NO_CLAIM
from bench.peers.reference import LINES

# Methods without a group of their own, and why. A new method has to get one, or to be named here.
NO_GROUP = {"Frame.close": "every frame that is opened in the group of Frame.open is closed there"}


def test_every_method_has_a_group_or_is_named() -> None:
    claimed = {claim.function for claim in CLAIMS.values()}
    for name in pyinfo.__all__:
        thing = getattr(pyinfo, name)
        if not inspect.isclass(thing) or name in {*NO_CLAIM, *claimed}:
            continue
        methods = {part for part in dir(thing) if not part.startswith("_")}
        called = {part for part in methods if callable(getattr(thing, part))}
        without = {f"{name}.{part}" for part in called} - claimed
        assert without == {method for method in NO_GROUP if method.startswith(f"{name}.")}


def test_everything_public_has_a_claim() -> None:
    public = {name for name in pyinfo.__all__ if callable(getattr(pyinfo, name))}
    claimed = {claim.function.partition(".")[0] for claim in CLAIMS.values()}
    assert public - claimed - set(NO_CLAIM) == set()


def test_classes_have_claims_for_what_works_on_data() -> None:
    claimed = {claim.function for claim in CLAIMS.values()}
    for name in pyinfo.__all__:
        thing = getattr(pyinfo, name)
        if inspect.isclass(thing) and name not in NO_CLAIM:
            methods = [f"{name}.{part}" for part in vars(thing) if not part.startswith("_")]
            assert claimed & {name, *methods}, name


def test_every_measure_of_distributions_has_a_reference() -> None:
    public = {name: getattr(pyinfo.measures, name) for name in pyinfo.measures.__all__}
    assert set(LINES) == {name for name in public if inspect.isbuiltin(public[name])}
