"""Everything public is measured: it has a claim on its growth, and measures have a reference."""

import inspect

import pyinfo
from bench.growth.claim import function_of
from bench.growth.claims import CLAIMS, NO_CLAIM
from bench.peers.reference import LINES

CLAIMED = set(map(function_of, CLAIMS))
# Methods without a group of their own, and why. A new method has to get one, or to be named here.
NO_GROUP = {"Frame.close": "every frame that is opened in the group of Frame.open is closed there"}


def test_every_method_has_a_group_or_is_named() -> None:
    for name in pyinfo.__all__:
        thing = getattr(pyinfo, name)
        if not inspect.isclass(thing) or name in {*NO_CLAIM, *CLAIMED}:
            continue
        methods = {part for part in dir(thing) if not part.startswith("_")}
        called = {part for part in methods if callable(getattr(thing, part))}
        without = {f"{name}.{part}" for part in called} - CLAIMED
        assert without == {method for method in NO_GROUP if method.startswith(f"{name}.")}


def test_everything_public_has_a_claim() -> None:
    public = {name for name in pyinfo.__all__ if callable(getattr(pyinfo, name))}
    claimed = {function.partition(".")[0] for function in CLAIMED}
    assert public - claimed - set(NO_CLAIM) == set()


def test_classes_have_claims_for_what_works_on_data() -> None:
    for name in pyinfo.__all__:
        thing = getattr(pyinfo, name)
        if inspect.isclass(thing) and name not in NO_CLAIM:
            methods = [f"{name}.{part}" for part in vars(thing) if not part.startswith("_")]
            assert CLAIMED & {name, *methods}, name


def test_every_measure_of_distributions_has_a_reference() -> None:
    public = {name: getattr(pyinfo.measures, name) for name in pyinfo.measures.__all__}
    assert set(LINES) == {name for name in public if inspect.isbuiltin(public[name])}
