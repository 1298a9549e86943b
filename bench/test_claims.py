"""Everything public is measured: it has a claim on its growth, and measures have a reference."""

import inspect

import pyinfo

from .claims import CLAIMS, NO_CLAIM
from .measures import MEASURES
from .reference import LINES


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


def test_every_measure_has_a_reference() -> None:
    assert set(MEASURES) == set(pyinfo.measures.__all__)
    assert set(LINES) == set(MEASURES)
