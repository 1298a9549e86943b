"""Fit the polynomials of csrc/simd/ and csrc/logits/: minimax in relative error, by Remez exchange.

Run `python tools/fit_polynomials.py` (needs mpmath); it prints the coefficient arrays and the error
of each after rounding the coefficients to the type they are used in.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 60

Real = mp.mpf
Function = Callable[[Real], Real]


def remez(f: Function, weight: Function, lo: float, hi: float, degree: int) -> list[Real]:
    """Coefficients (constant first) of the polynomial that minimises max |weight * (poly - f)|."""
    n = degree + 2
    nodes = [
        (mp.mpf(lo) + hi) / 2 - (mp.mpf(hi) - lo) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * n))
        for i in range(n)
    ]
    grid = [mp.mpf(lo) + (mp.mpf(hi) - lo) * i / 1500 for i in range(1501)]
    targets = [(x, f(x), weight(x)) for x in grid]
    coefficients: list[Real] = []
    for _ in range(8):
        system = mp.matrix(n, n)
        right = mp.matrix(n, 1)
        for i, x in enumerate(nodes):
            for j in range(degree + 1):
                system[i, j] = x**j
            system[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = mp.lu_solve(system, right)
        coefficients = [solution[i] for i in range(degree + 1)]
        errors = [w * (mp.polyval(coefficients[::-1], x) - y) for x, y, w in targets]
        extrema: list[int] = []
        for i, e in enumerate(errors):
            if extrema and mp.sign(errors[extrema[-1]]) == mp.sign(e):
                if abs(e) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > n:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        if len(extrema) < n:
            break
        nodes = [grid[i] for i in extrema]
    return coefficients


def report(
    name: str,
    coefficients: list[Real],
    f: Function,
    weight: Function,
    lo: float,
    hi: float,
    dtype: type[np.floating],
) -> None:
    rounded = [mp.mpf(float(dtype(float(c)))) for c in coefficients]
    worst = max(
        abs(weight(x) * (mp.polyval(rounded[::-1], x) - f(x)))
        for x in (mp.mpf(lo) + (mp.mpf(hi) - lo) * i / 4000 for i in range(4001))
    )
    print(
        f"// {name}: degree {len(coefficients) - 1} on [{lo}, {hi}], "
        f"relative error 2^{float(mp.log(worst, 2)):.1f}"
    )
    for c in coefficients:
        value = dtype(float(c))
        print(f"    {float(value)!r}," if dtype is np.float64 else f"    {value!s}f,")


def atanh_tail(z: Real) -> Real:
    """Q in 2 atanh(s) = 2 s + s^3 Q(s^2)."""
    if z < mp.mpf(10) ** -20:
        return mp.mpf(2) / 3 + 2 * z / 5
    s = mp.sqrt(z)
    return 2 * (mp.atanh(s) - s) / s**3


def atanh_weight(z: Real) -> Real:
    """Relative error of the whole logarithm, 2 atanh(s)."""
    return (z + mp.mpf(10) ** -8) / (2 + z * atanh_tail(z))


def expm1_tail(z: Real) -> Real:
    """E in e^z - 1 = z + z^2 E(z)."""
    if abs(z) < mp.mpf(10) ** -12:
        return mp.mpf(1) / 2 + z / 6 + z * z / 24
    return (mp.expm1(z) - z) / z**2


def halves_even(z: Real) -> Real:
    """F in h sinh(h) - cosh(h) ln(cosh(h)) = h^2 F(h^2)."""
    h = mp.sqrt(max(z, mp.mpf(10) ** -24))
    return (h * mp.sinh(h) - mp.cosh(h) * mp.log(mp.cosh(h))) / h**2


def halves_odd(z: Real) -> Real:
    """F in h cosh(h) - sinh(h) (1 + ln(cosh(h))) = h^3 F(h^2)."""
    h = mp.sqrt(max(z, mp.mpf(10) ** -24))
    return (h * mp.cosh(h) - mp.sinh(h) * (1 + mp.log(mp.cosh(h)))) / h**3


def log_cosh(z: Real) -> Real:
    """F in ln(cosh(h)) = h^2 F(h^2)."""
    h = mp.sqrt(max(z, mp.mpf(10) ** -24))
    return mp.log(mp.cosh(h)) / h**2


def relative(function: Function) -> Function:
    """Weight of errors relative to a function."""
    return lambda z: 1 / function(z)


def main() -> None:
    # Ratios reach 1.5, and (1.5 - 1) / (1.5 + 1) = 0.2.
    end = 0.040004
    for name, degree, dtype in (("atanh, double", 6, np.float64), ("atanh, float", 2, np.float32)):
        coefficients = remez(atanh_tail, atanh_weight, 0, end, degree)
        report(name, coefficients, atanh_tail, atanh_weight, 0, end, dtype)
    half = 0.3466
    flat: Function = lambda z: mp.mpf(1)  # noqa: E731
    for name, reach, degree, dtype in (
        ("expm1, double", half, 10, np.float64),
        ("expm1, float", half, 4, np.float32),
        ("expm1 of up to 1, float", 1.0, 6, np.float32),
    ):
        coefficients = remez(expm1_tail, flat, -reach, reach, degree)
        report(name, coefficients, expm1_tail, flat, -reach, reach, dtype)
    for name, function, degrees in (
        ("halves, even", halves_even, (5, 3)),
        ("halves, odd", halves_odd, (6, 3)),
        ("ln cosh", log_cosh, (6, 4)),
    ):
        ends = ((degrees[0], np.float64, 0.0301), (degrees[1], np.float32, 0.2501))
        for degree, dtype, end in ends:
            weight = relative(function)
            coefficients = remez(function, weight, 0, end, degree)
            report(name, coefficients, function, weight, 0, end, dtype)


if __name__ == "__main__":
    main()
