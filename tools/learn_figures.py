"""Draw the figures of docs/learn: `python tools/learn_figures.py [FOLDER]` (default docs/figures).

Each function is one figure, and short enough to play with.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import pyinfo
from pyinfo.quantization import allocate, rate_distortion

mpl.use("Agg")
ROOT = Path(__file__).resolve().parents[1]
BLUE, LIGHT, ORANGE, GREY = "#08306b", "#2f8fd8", "#e6842a", "#888888"
STYLE: dict[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "lines.linewidth": 2.2,
    "svg.hashsalt": "pyinfo",
}


def axes_of(figure: Figure, **labels: str) -> Any:
    axes = figure.subplots()
    axes.set(**labels)
    return axes


def bent_coin(figure: Figure) -> None:
    """The entropy of a coin, by how bent it is."""
    heads = np.linspace(0, 1, 201)
    bits = pyinfo.entropy(np.column_stack([heads, 1 - heads]), axis=1)
    axes = axes_of(figure, xlabel="probability of heads", ylabel="bits per toss")
    axes.plot(heads, bits, color=BLUE)
    for p in (0.5, 0.9):
        value = pyinfo.entropy([p, 1 - p])
        axes.plot(p, value, "o", color=ORANGE)
        text = f"p = {p}: {value:.2f} bits"
        axes.annotate(text, (p, value), (10, 6), textcoords="offset points", color=ORANGE)
    axes.set_title("A fair coin is worth one question, a bent one less")
    axes.set(xlim=(0, 1.18), ylim=(0, 1.12))


def learning_classifier(figure: Figure) -> None:
    """Cross-entropy of a classifier while it learns, and the entropy that it cannot go below."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2000, 2))
    truth = 1 / (1 + np.exp(-(points @ [2.0, -1.0])))
    labels = np.column_stack([1 - truth, truth])
    weights, losses = np.zeros(2), []
    for _ in range(60):
        guess = 1 / (1 + np.exp(-(points @ weights)))
        losses.append(
            pyinfo.cross_entropy(labels, np.column_stack([1 - guess, guess]), axis=1).mean()
        )
        weights -= 0.4 * points.T @ (guess - truth) / len(points)
    floor = pyinfo.entropy(labels, axis=1).mean()
    axes = axes_of(figure, xlabel="step", ylabel="bits per label")
    axes.plot(losses, color=BLUE, label="cross-entropy: what the labels cost with the guess")
    axes.axhline(floor, color=GREY, ls="--", label="entropy: what they cost with the truth")
    axes.fill_between(range(60), floor, losses, color=LIGHT, alpha=0.2, label="KL divergence")
    axes.legend(frameon=False)
    axes.set_title("Learning is closing the gap")
    axes.set_ylim(0.5, 1.02)
    axes.set_xlim(0, 59)


def code_tree(figure: Figure) -> None:
    """A Huffman code as a tree: left is 0, right is 1, the deeper the rarer."""
    text = b"SHE SELLS SEA SHELLS"
    counts = np.bincount(np.frombuffer(text, np.uint8), minlength=256)
    axes = figure.subplots()
    axes.grid(False)
    pyinfo.plots.code_tree(pyinfo.HuffmanCode.from_counts(counts), counts=counts, ax=axes)
    axes.set_title(f"{text.decode()}: a Huffman code")


def fractions_of_bits(figure: Figure) -> None:
    """What Huffman and rANS cost beyond the entropy, for a coin that is more and more bent."""
    rare = np.logspace(-3, np.log10(0.5), 60)
    counts = np.column_stack([1 - rare, rare])
    entropy = pyinfo.entropy(counts, axis=1)
    rans = [
        pyinfo.RansModel.from_counts(np.rint(1e6 * p).astype(int)).expected_length(p)
        for p in counts
    ]
    axes = axes_of(figure, xlabel="probability of the rare side", ylabel="bits per toss")
    axes.plot(rare, np.ones_like(rare), color=ORANGE, label="Huffman: a bit is the least")
    axes.plot(rare, rans, color=LIGHT, label="rANS")
    axes.plot(rare, entropy, color=BLUE, ls="--", label="entropy")
    axes.set_xscale("log")
    axes.legend(frameon=False)
    axes.set_title("rANS spends fractions of bits")


def growing(figure: Figure) -> None:
    """Shapes of growth: what a doubling of n does to the cost."""
    n = 2.0 ** np.arange(1, 11)
    axes = axes_of(figure, xlabel="n", ylabel="steps")
    for name, steps, colour in (
        ("n²: four times as much", n**2, ORANGE),
        ("n log n: a little more than twice", n * np.log2(n), LIGHT),
        ("n: twice as much", n, BLUE),
        ("log n: one more", np.log2(n), GREY),
    ):
        axes.plot(n, steps, color=colour)
        axes.annotate(name, (n[-1], steps[-1]), (6, -3), textcoords="offset points", color=colour)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xlim(2, 2**14)
    axes.set_title("What a doubling of n costs")


def hull(figure: Figure) -> None:
    """All combinations of a few tensors' choices, the best for each price, and a budget."""
    rng = np.random.default_rng(3)
    costs = np.cumsum(rng.uniform(20, 100, (5, 4)), axis=1)
    errors = np.sort(rng.uniform(1, 60, (5, 4)), axis=1)[:, ::-1]
    budget = 950.0
    found = allocate(costs, errors, budget, gap=0)
    every = list(itertools.product(*(range(4) for _ in costs)))
    cost, error = (np.array([sum(t[i, k] for i, k in enumerate(e)) for e in every])
                   for t in (costs, errors))  # fmt: skip
    axes = figure.subplots()
    axes.plot(cost, error, ".", color=GREY, ms=2.5, label="all 1024 combinations")
    pyinfo.plots.budget(found, unit="bytes", ax=axes)
    axes.set_title("Every price has its best combination")


def rate_against_distortion(figure: Figure) -> None:
    """What weights lose at each size: clipped integers, one step and an entropy coder, Shannon."""
    weights = np.random.default_rng(4).laplace(size=1 << 19).astype(np.float32)
    steps = np.geomspace(0.02, 6, 60)
    curve = rate_distortion(weights, bits=range(2, 8), steps=steps)
    zones = rate_distortion(weights, bits=(), steps=steps, dead_zone=0.15)

    def line(points: Any, size: str) -> Any:
        rates = [8 * getattr(point, size) / weights.size for point in points]
        return rates, [point.error / weights.size for point in points]

    axes = axes_of(figure, xlabel="bits per weight", ylabel="mean squared error")
    bits = np.linspace(0.5, 7.2, 50)
    bound = [curve.shannon_error(b * weights.size / 8) / weights.size for b in bits]
    axes.plot(*line(curve.widths, "plain_bytes"), "o-", color=GREY, label="integers, best clip")
    axes.plot(
        *line(curve.widths, "coded_bytes"), "o--", color=ORANGE, label="the same, entropy-coded"
    )
    axes.plot(*line(curve.steps, "coded_bytes"), color=BLUE, label="one step, entropy-coded")
    axes.plot(*line(zones.steps, "coded_bytes"), ":", color=LIGHT, label="with a dead zone of 0.15")
    axes.plot(bits, bound, color="black", lw=1, label="Shannon's lower bound")
    axes.set(yscale="log", xlim=(0.5, 7.2), ylim=(2e-4, 2))
    axes.legend(frameon=False)
    axes.set_title("What a bit buys")


FIGURES = (
    *(bent_coin, learning_classifier, code_tree, fractions_of_bits, growing, hull),
    rate_against_distortion,
)


def draw(folder: Path) -> list[Path]:
    """Write every figure; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with mpl.rc_context(STYLE):
        for function in FIGURES:
            figure = Figure(figsize=(7.6, 4.2), layout="constrained")
            function(figure)
            files.append(folder / f"learn_{function.__name__}.svg")
            figure.savefig(files[-1], metadata={"Date": None})
    return files


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "figures")
