"""Draws what `bench.report.curves` measures, as SVG and PNG; each says machine and date."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bench.inputs.coded_bytes import TEXT, WEIGHTS
from bench.peers.candidate import is_own
from bench.peers.measures import MEASURES
from bench.report import curves
from bench.report.comparisons import Effort
from bench.report.curves import Codec, Series
from pyinfo.testing.machine import cache_sizes, seconds_per_byte

mpl.use("Agg")
MEASURED = ("entropy", "kl_divergence")
STYLE: Mapping[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": "#333333",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "grid.color": "#e6e6e6",
    "axes.grid": True,
    "axes.axisbelow": True,
    "figure.facecolor": "white",
    "svg.hashsalt": "pyinfo",
}
# pyinfo is blue, darker with every instruction set; everybody else keeps one colour throughout.
COLOURS = {
    "pyinfo avx512": "#08306b",
    "pyinfo avx2": "#2171b5",
    "pyinfo sse4": "#6baed6",
    "pyinfo portable": "#9ecae1",
    "pyinfo huffman": "#08306b",
    "pyinfo rans": "#2f8fd8",
    "the best NumPy line": "#e6842a",
    "scipy": "#8c3fa8",
    "torch": "#d1322d",
    "polars": "#7a7a00",
    "numkong": "#1b8a6b",
    "zstandard": "#d1322d",
    "zstd": "#d1322d",
    "zlib": "#8c3fa8",
    "constriction": "#1b8a6b",
}


def draw(effort: Effort, header: Mapping[str, str], folder: Path) -> list[Path]:
    """Measure and write all pictures; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, Figure] = {}
    with mpl.rc_context(dict(STYLE)):
        for measure in MEASURED:
            sizes, seconds = curves.growth(measure, effort)
            pictures[f"{measure}_time"] = _time(measure, sizes, seconds)
            pictures[f"{measure}_per_element"] = _per_element(measure, sizes, seconds)
        pictures["coders_by_entropy"] = _by_entropy(*curves.speeds_by_entropy(effort))
        codecs = {kind: curves.size_and_speed(kind, effort) for kind in (TEXT, WEIGHTS)}
        pictures["size_and_speed"] = _size_and_speed(codecs)
        files = []
        for name, figure in pictures.items():
            _sign(figure, header)
            for suffix in ("svg", "png"):
                files.append(folder / f"{name}.{suffix}")
                metadata = {"Date": None} if suffix == "svg" else None
                figure.savefig(files[-1], dpi=160, metadata=metadata)
    return files


def _colour(name: str) -> str:
    return next((c for prefix, c in COLOURS.items() if name.startswith(prefix)), "#777777")


def _figure(columns: int = 1) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(8.6, 5.2) if columns == 1 else (10.6, 5.2))
    axes = figure.subplots(1, columns, squeeze=False)[0]
    figure.subplots_adjust(left=0.085, right=0.8, top=0.9, bottom=0.21, wspace=0.28)
    return figure, list(axes)


def _sign(figure: Figure, header: Mapping[str, str]) -> None:
    """What was measured, with what, and when, below the picture."""
    text = f"{header['date']}: {header['machine']}. {header['versions']}."
    if "note" in header:
        text += f" {header['note']}."
    figure.text(0.02, 0.015, textwrap.fill(text, 165), fontsize=6.5, color="#777777", va="bottom")


def _label_ends(axes: Any, lines: Mapping[str, float], gap: float) -> None:
    """Names at the right ends of lines, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    height = np.log(high / low)  # every picture with names at its lines is logarithmic
    wanted = sorted((float(np.log(y / low) / height), name) for name, y in lines.items())
    places: list[float] = []
    for place, _ in wanted:
        places.append(max(place, places[-1] + gap) if places else place)
    excess = max(0.0, places[-1] - 1.0)
    for place, (at, name) in zip(places, wanted, strict=True):
        axes.annotate(
            name,
            xy=(1.0, at),
            xytext=(1.02, place - excess),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=_colour(name),
            annotation_clip=False,
        )


def _duration(seconds: float, _: int) -> str:
    for scale, unit in ((1e-6, "ns"), (1e-3, "µs"), (1.0, "ms")):
        if seconds < 0.999 * scale:
            return f"{seconds * 1e3 / scale:g} {unit}"
    return f"{seconds:g} s"


def _by_size(title: str, sizes: Sequence[int], series: Series) -> tuple[Figure, Any]:
    """Lines over n, both axes logarithmic; pyinfo's are heavier, and over the others."""
    figure, (axes,) = _figure()
    for name, values in series.items():
        own = is_own(name)
        heavy = {"lw": 2.2 if own else 1.5, "zorder": 3 if own else 2}
        axes.plot(sizes, values, color=_colour(name), **heavy)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlim(sizes[0], sizes[-1])
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=13))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"$2^{{{round(np.log2(n))}}}$"))
    axes.yaxis.set_major_formatter(FuncFormatter(_duration))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("n, elements of float64")
    axes.set_title(title)
    return figure, axes


def _time(measure: str, sizes: Sequence[int], seconds: Series) -> Figure:
    figure, axes = _by_size(f"{measure}: time of one call", sizes, seconds)
    _label_ends(axes, {name: each[-1] for name, each in seconds.items()}, 0.052)
    return figure


def _per_element(measure: str, sizes: Sequence[int], seconds: Series) -> Figure:
    """From 256 elements on: before, a call costs what it costs."""
    title = f"{measure}: time per element, and where the input leaves the caches"
    first = sizes.index(1 << 8)
    each = {name: (np.array(s) / sizes)[first:].tolist() for name, s in seconds.items()}
    figure, axes = _by_size(title, sizes[first:], each)
    bytes_per_item = 8 * MEASURES[measure].distributions
    roof = bytes_per_item * seconds_per_byte()
    bottom = min(roof * 0.6, min(map(min, each.values())) * 0.7)
    axes.set_ylim(bottom, 60e-9)
    axes.axhspan(bottom, roof, color="#dddddd", alpha=0.6, zorder=1, lw=0)
    noted: Mapping[str, Any] = {"fontsize": 8.5, "color": "#666666"}
    text = f"faster than memory streams here: {1e-9 / seconds_per_byte():.0f} GB/s"
    axes.text(1.15 * (1 << 8), np.sqrt(roof * bottom), text, va="center", **noted)
    for level, size in enumerate(cache_sizes(), 1):
        n = size / bytes_per_item
        axes.axvline(n, color="#999999", lw=1, ls=(0, (4, 3)), zorder=1)
        axes.text(n, 52e-9, f" L{level}", ha="left", va="top", **noted)
    _label_ends(axes, {name: values[-1] for name, values in each.items()}, 0.052)
    return figure


def _by_entropy(entropies: Sequence[float], speeds: Mapping[str, Series]) -> Figure:
    figure, both = _figure(2)
    for axes, (direction, by_name) in zip(both, speeds.items(), strict=True):
        for name, gbps in by_name.items():
            axes.plot(entropies, gbps, color=_colour(name), lw=2, marker="o", ms=3.5)
        axes.set_yscale("log")
        axes.set_ylim(0.02, 20)
        axes.set_xlim(0, 8)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.set_xlabel("entropy of the data, bits per byte")
        axes.set_title(direction)
    both[0].set_ylabel("GB/s of data, whole call, one thread")
    _label_ends(both[1], {name: gbps[-1] for name, gbps in speeds["decode"].items()}, 0.06)
    return figure


def _size_and_speed(kinds: Mapping[str, Mapping[str, Codec]]) -> Figure:
    figure, both = _figure(len(kinds))
    figure.subplots_adjust(right=0.97)
    for axes, (kind, codecs) in zip(both, kinds.items(), strict=True):
        parts = [codec.part for codec in codecs.values()]
        close = 0.09 * (max(parts) - min(parts))
        for name, (part, encode, decode) in codecs.items():
            colour = _colour(name)
            crowded = any(0 < other - part < close for other in parts)
            axes.plot([encode, decode], [part, part], color=colour, lw=1.2, alpha=0.6, zorder=2)
            axes.plot(encode, part, "o", color="white", mec=colour, mew=1.8, ms=7)
            axes.plot(decode, part, "o", color=colour, ms=7)
            axes.annotate(
                name,
                xy=(decode, part),
                xytext=(0, -9 if crowded else 9),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=8.5,
                color=colour,
            )
        axes.set_xscale("log")
        axes.set_xlim(0.005, 30)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.0%}"))
        axes.margins(y=0.12)
        axes.set_xlabel("GB/s of data: hollow encodes, full decodes")
        axes.set_title(kind)
    both[0].set_ylabel("coded size, of the data's")
    return figure
