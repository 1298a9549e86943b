"""Every error of the contract, its type and its one sentence: which argument, where, what value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import pyinfo
from support import oracle
from support.distributions import measure

pytestmark = pytest.mark.once

NAMES = [*oracle.ONE_OPERAND, *oracle.TWO_OPERANDS]
HALF = [0.5, 0.5]
Error = type[Exception]


def raises(
    error: Error | tuple[Error, ...], says: str, call: Callable[..., Any], *a: Any, **o: Any
) -> str:
    """Check the type of the error, and that its one line of text holds `says`."""
    with pytest.raises(error) as caught:
        call(*a, **o)
    message = str(caught.value)
    assert says in message
    assert message
    assert "\n" not in message
    return message


# -- Values ----------------------------------------------------------------------------------------

BAD_VALUES = [
    (-0.25, "is negative"),
    (-1e-300, "is negative"),
    (-5e-324, "is negative"),
    (-math.inf, "is negative"),
    (math.inf, ""),
]


@pytest.mark.parametrize(("value", "problem"), BAD_VALUES)
@pytest.mark.parametrize("normalize", [None, True, False])
@pytest.mark.parametrize("name", NAMES)
def test_value_out_of_range(name: str, normalize: bool | None, value: float, problem: str) -> None:
    for n in (2, 9, 100):
        for place in {0, n // 2, n - 1}:
            good = np.full(n, 1 / n)
            bad = good.copy()
            bad[place] = value
            says = f"p[{place}] = {value} {problem}".rstrip()
            raises(ValueError, says, measure, name, bad, good, normalize=normalize)
            if name in oracle.TWO_OPERANDS:
                says = "q" + says[1:]
                raises(ValueError, says, measure, name, good, bad, normalize=normalize)


@pytest.mark.parametrize("name", NAMES)
def test_value_above_1(name: str) -> None:
    bad = np.array([0.25, 0.25, 1.5, 0.25])
    good = np.full(4, 0.25)
    raises(ValueError, "p[2] = 1.5 is greater than 1", measure, name, bad, good)
    if name in oracle.TWO_OPERANDS:
        raises(ValueError, "q[2] = 1.5 is greater than 1", measure, name, good, bad)
    for normalize in (True, False):
        measure(name, bad, good, normalize=normalize)


@pytest.mark.parametrize(
    "dtype",
    [np.float64, np.float32, np.float16, ml_dtypes.bfloat16, np.longdouble, ">f8", ">f4"],
    ids=lambda d: np.dtype(d).str,
)
def test_value_in_any_float(dtype: Any) -> None:
    p = np.array([0.5, 0.25, -0.25, 0.5]).astype(dtype)
    raises(ValueError, "p[2] = -0.25 is negative", pyinfo.entropy, p)
    raises(ValueError, "p[1] = -0.25 is negative", pyinfo.entropy, p[::-1])
    raises(ValueError, "p[2] = -0.25 is negative", pyinfo.information_content, p)
    p[2] = 1.5
    raises(ValueError, "p[2] = 1.5 is greater than 1", pyinfo.entropy, p)
    raises(ValueError, "p[2] = 1.5 is greater than 1", pyinfo.information_content, p)


@pytest.mark.parametrize("dtype", ["b", "h", "i", "l", "q", ">i4"])
@pytest.mark.parametrize("name", NAMES)
def test_negative_count(name: str, dtype: str) -> None:
    p = np.array([3, 1, -2, 4], dtype)
    q = np.ones(4, dtype)
    for normalize in (None, True, False):
        raises(ValueError, "p[2] = -2 is negative", measure, name, p, q, normalize=normalize)


def test_numbers_are_shown_as_they_are() -> None:
    raises(ValueError, "p[1] = -0.1 is", pyinfo.entropy, [1.1, -0.1], normalize=True)
    raises(ValueError, "p[0] = -9007199254740993", pyinfo.entropy, [-9007199254740993, 1])
    raises(ValueError, f"p[0] = {-(2**63)}", pyinfo.entropy, [-(2**63), 1])
    raises(ValueError, "p[0] = -1e-05 is", pyinfo.entropy, [-1e-5, 1.0], normalize=True)


def test_the_first_in_several_dimensions() -> None:
    p = np.full((3, 4, 5), 0.2)
    p[1, 2, 3] = -0.5
    p[2, 0, 0] = -0.75
    divided: dict[str, Any] = {"normalize": True}
    raises(ValueError, "p[1, 2, 3] = -0.5 is negative", pyinfo.entropy, p)
    raises(ValueError, "p[0, 2, 0] = -0.75 is negative", pyinfo.entropy, p.swapaxes(0, 1))
    raises(ValueError, "p[1, 2, 3] = -0.5 is negative", pyinfo.entropy, p, axis=(1, 2), **divided)
    raises(ValueError, "p[1, 2, 3] = -0.5 is negative", pyinfo.entropy, p, axis=None, **divided)
    # Slices in C order of the axes that remain: [., 0, 0] comes first along axis 0.
    raises(ValueError, "p[2, 0, 0] = -0.75 is", pyinfo.entropy, p, axis=0, **divided)
    # A wrong sum in an earlier slice is found before a value in a later one.
    p[0, 0] = 0.1
    raises(ValueError, "p[0, 0, :] sums to 0.5", pyinfo.entropy, p)


def test_the_place_in_a_broadcast_operand() -> None:
    p = np.full((4, 3), 1 / 3)
    q = np.array([0.5, -0.25, 0.75])
    raises(ValueError, "q[1] = -0.25 is negative", pyinfo.kl_divergence, p, q)
    raises(ValueError, "q[0, 1] = -0.25 is negative", pyinfo.kl_divergence, p, q[None])
    raises(ValueError, "p[1] = -0.25 is negative", pyinfo.kl_divergence, q, p)
    p[3, 2] = -1
    raises(ValueError, "p[3, 2] = -1.0 is negative", pyinfo.kl_divergence, p, np.full(3, 1 / 3))
    column = np.array([[0.5], [-0.5], [1.0]])
    raises(ValueError, "p[1, 0] = -0.5", pyinfo.kl_divergence, column, np.ones((3, 2)), axis=0)
    raises(ValueError, "q sums to 0.9", pyinfo.kl_divergence, np.full((4, 3), 1 / 3), [0.9, 0, 0])


# -- Sums ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_sum(name: str) -> None:
    for bad, total in (([0.5, 0.25], "0.75"), ([0.75, 0.75], "1.5"), ([0.0, 0.0], "0")):
        message = raises(ValueError, f"p sums to {total}", measure, name, bad, HALF)
        assert "normalize=True" in message
        if name in oracle.TWO_OPERANDS:
            message = raises(ValueError, f"q sums to {total}", measure, name, HALF, bad)
            assert "normalize=True" in message
            # p before q.
            raises(ValueError, "p sums to 0.1", measure, name, [0.1, 0.0], bad)
    rows = np.array([[0.5, 0.5], [0.5, 0.25], [0.1, 0.1]])
    raises(ValueError, "p[1, :] sums to 0.75", measure, name, rows, HALF)
    raises(ValueError, "p[:, 0] sums to 1.1", measure, name, rows, rows * 0 + 1 / 3, axis=0)


@pytest.mark.parametrize("name", NAMES)
def test_all_zero(name: str) -> None:
    for dtype in (np.float64, np.float32, np.int32, np.uint8, bool):
        for n in (1, 3, 50):
            zero, good = np.zeros(n, dtype), np.ones(n, dtype)
            raises(ValueError, "p sums to 0", measure, name, zero, good, normalize=True)
            if name in oracle.TWO_OPERANDS:
                raises(ValueError, "q sums to 0", measure, name, good, zero, normalize=True)
    rows = np.array([[1, 1], [0, 0]])
    raises(ValueError, "p[1, :] sums to 0", measure, name, rows, [1, 1])
    measure(name, [0.0, 0.0], [0.0, 0.0], normalize=False)


def test_entropy_of_nothing_taken_as_it_is() -> None:
    for name in ("entropy", "cross_entropy", "kl_divergence", "js_divergence"):
        assert measure(name, [0.0, 0.0], [0.0, 0.0], normalize=False) == 0


# -- Parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [0, -1, 1, math.nan, math.inf, -math.inf, -0.0, 1.0, True])
@pytest.mark.parametrize("name", [*NAMES, "information_content"])
def test_base(name: str, base: float) -> None:
    if name in oracle.WITHOUT_BASE:
        raises(TypeError, "base", measure, name, HALF, HALF, base=2)
    elif name == "information_content":
        raises(ValueError, "base", pyinfo.information_content, HALF, base=base)
    else:
        raises(ValueError, "base", measure, name, HALF, HALF, base=base)


@pytest.mark.parametrize("wrong", ["2", None, [2], 2j, object(), b"2", {}, np.array([2.0, 3.0])])
def test_base_of_a_wrong_type(wrong: Any) -> None:
    raises(TypeError, "base", pyinfo.entropy, HALF, base=wrong)
    raises(TypeError, "base", pyinfo.information_content, HALF, base=wrong)


@pytest.mark.parametrize("alpha", [-1, -1e-300, math.nan, -math.inf])
@pytest.mark.parametrize("name", oracle.WITH_ALPHA)
def test_alpha(name: str, alpha: float) -> None:
    raises(ValueError, "alpha", measure, name, HALF, HALF, alpha=alpha)
    for wrong in ("2", [2], 2j):
        raises(TypeError, "alpha", measure, name, HALF, HALF, alpha=wrong)


@pytest.mark.parametrize(
    "weights",
    [(0.5, 0.6), (-0.5, 1.5), (math.nan, 0.5), (0.5,), (0.2, 0.3, 0.5), (), (math.inf, 0), (0, 0)],
    ids=str,
)
@pytest.mark.parametrize("name", ["js_divergence", "js_distance"])
def test_weights(name: str, weights: tuple[float, ...]) -> None:
    raises(ValueError, "weights", measure, name, HALF, HALF, weights=weights)


@pytest.mark.parametrize("wrong", [0.5, 1, object, ("a", "b"), (None, 1.0)], ids=str)
def test_weights_of_a_wrong_type(wrong: Any) -> None:
    raises(TypeError, "weights", pyinfo.js_divergence, HALF, HALF, weights=wrong)


def test_weights_that_empty_their_list() -> None:
    """What an item does when it is asked for its value is no matter of memory."""
    weights: list[object] = []

    class Emptying:
        def __float__(self) -> float:
            weights.clear()
            return 0.5

    weights += [Emptying(), Emptying()]
    assert pyinfo.js_divergence(HALF, HALF, weights=weights) == 0


@pytest.mark.parametrize("name", NAMES)
def test_axis(name: str) -> None:
    table = np.full((2, 2), 0.5)
    for axis in (2, -3, (0, 2), 10**30, -(10**30), (0, 10**30)):
        raises(ValueError, "axis", measure, name, table, table, axis=axis)
    for axis in ((0, 0), (1, -1), (-2, 0, 1)):
        raises(ValueError, "axis", measure, name, table, table, axis=axis)
    for axis in (0.0, "0", (0, "1"), 1j, {}, object(), (None,)):
        raises(TypeError, "axis", measure, name, table, table, axis=axis)


@pytest.mark.parametrize("name", NAMES)
def test_normalize_and_threads(name: str) -> None:
    for wrong in ("yes", 1, 0, 0.0, [], object()):
        raises(TypeError, "normalize", measure, name, HALF, HALF, normalize=wrong)
    for wrong in (-1, -(10**30), 10**30):
        raises(ValueError, "threads", measure, name, HALF, HALF, threads=wrong)
    for wrong in (1.5, "1", None, [], object()):
        raises(TypeError, "threads", measure, name, HALF, HALF, threads=wrong)
    assert measure(name, HALF, HALF, normalize=np.bool_(True)) is not None


class Undecided:
    def __bool__(self) -> bool:
        raise RuntimeError("undecided")


def test_errors_of_arguments_come_through() -> None:
    raises(RuntimeError, "undecided", pyinfo.entropy, HALF, keepdims=Undecided())
    raises((TypeError, ValueError), "", pyinfo.entropy, HALF, keepdims=np.array([1, 0]))

    class Failing:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise LookupError("no array today")

        def __float__(self) -> float:
            raise LookupError("no number today")

        def __index__(self) -> int:
            raise LookupError("no index today")

    raises(LookupError, "no array today", pyinfo.entropy, Failing())
    raises(LookupError, "no array today", pyinfo.kl_divergence, HALF, Failing())
    raises(LookupError, "no number today", pyinfo.entropy, HALF, base=Failing())
    raises(LookupError, "no index today", pyinfo.entropy, HALF, axis=Failing())
    raises(LookupError, "no index today", pyinfo.entropy, HALF, threads=Failing())


# -- Types and shapes ------------------------------------------------------------------------------

WRONG_TYPES = {
    "complex": np.array([0.5, 0.5], complex),
    "object": np.array([0.5, None], object),
    "numbers as objects": np.array([0.5, 0.5], object),
    "text": np.array(["a", "b"]),
    "bytes": np.array([b"a", b"b"]),
    "dates": np.array(["2026-01-01", "2026-01-02"], "datetime64[D]"),
    "durations": np.array([1, 2], "timedelta64[s]"),
    "records": np.zeros(2, [("a", "f8")]),
    "raw": np.zeros(2, "V8"),
    "float8": np.zeros(2, ml_dtypes.float8_e4m3fn),
    "int4": np.zeros(2, ml_dtypes.int4),
    "a dictionary": {"a": 1},
    "None": None,
    "a string": "half",
    "a set": {1, 2},
    "a generator": (x for x in (0.5, 0.5)),
}


@pytest.mark.parametrize("kind", WRONG_TYPES)
@pytest.mark.parametrize("name", [*NAMES, "information_content"])
def test_types(name: str, kind: str) -> None:
    wrong = WRONG_TYPES[kind]
    if name == "information_content":
        raises(TypeError, "p ", pyinfo.information_content, wrong)
        return
    raises(TypeError, "p ", measure, name, wrong, HALF)
    if name in oracle.TWO_OPERANDS:
        raises(TypeError, "q ", measure, name, HALF, wrong)


def test_ragged_lists() -> None:
    raises(ValueError, "", pyinfo.entropy, [[0.5, 0.5], [1.0]])
    raises(ValueError, "", pyinfo.kl_divergence, HALF, [[0.5, 0.5], [1.0]])


@pytest.mark.parametrize("name", oracle.TWO_OPERANDS)
def test_shapes_that_do_not_broadcast(name: str) -> None:
    for p, q in (
        ((2,), (3,)),
        ((4, 2), (4, 3)),
        ((2, 1, 3), (5, 3, 3)),
        ((0,), (2,)),
        ((2,), (0,)),
    ):
        message = raises(ValueError, "p and q", measure, name, np.ones(p), np.ones(q))
        assert "broadcast" in message
        assert str(p) in message
        assert str(q) in message


# -- Arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "information_content"])
def test_arguments(name: str) -> None:
    function = getattr(pyinfo, name)
    required = 1 + (name in oracle.TWO_OPERANDS) + (name in oracle.WITH_ALPHA)
    arguments: list[Any] = [HALF, HALF][: 1 + (name in oracle.TWO_OPERANDS)]
    arguments += [2.0] * (name in oracle.WITH_ALPHA)
    assert len(arguments) == required

    for few in range(required):
        message = raises(TypeError, f"{name}()", function, *arguments[:few])
        assert "missing" in message
    for many in (1, 2, 50) if name not in ("js_divergence", "js_distance") else ():
        message = raises(TypeError, f"{name}()", function, *arguments, *([2] * many))
        assert f"{required + many} were given" in message
    message = raises(TypeError, f"{name}()", function, *arguments, nonsense=1)
    assert "'nonsense'" in message
    raises(TypeError, "'bases'", function, *arguments, bases=2)
    raises(TypeError, "'Base'", function, *arguments, Base=2)
    raises(TypeError, "''", function, *arguments, **{"": 1})
    raises(TypeError, "'é'", function, *arguments, é=2)
    raises((TypeError, ValueError), "", function, *arguments, **{"\udcff": 1})
    raises(TypeError, "multiple values for argument 'p'", function, *arguments, p=HALF)
    with pytest.raises(TypeError):
        function(*arguments, **{1: 2})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_all_by_keyword(name: str) -> None:
    keywords: dict[str, Any] = {"p": HALF}
    if name in oracle.TWO_OPERANDS:
        keywords["q"] = HALF
    if name in oracle.WITH_ALPHA:
        keywords["alpha"] = 2.0
    function = getattr(pyinfo, name)
    plain = function(*keywords.values())
    assert function(**keywords) == plain
    assert function(**dict(reversed(keywords.items()))) == plain
    built = {"".join(list(key)): value for key, value in keywords.items()}  # not interned
    assert function(**built, **{"".join(["ax", "is"]): 0}) == plain
    last = list(keywords)[-1]
    del keywords[last]
    message = raises(TypeError, "missing", function, **keywords)
    assert f"'{last}'" in message


def test_no_error_leaves_out_half_written() -> None:
    """What was in `out` of a failed call may change, the call after it is right."""
    rows = np.full((50, 4), 0.25)
    bad = rows.copy()
    bad[30, 2] = -1
    out = np.zeros(50)
    raises(ValueError, "p[30, 2] = -1", pyinfo.entropy, bad, out=out)
    np.testing.assert_array_equal(pyinfo.entropy(rows, out=out), np.full(50, 2.0))
