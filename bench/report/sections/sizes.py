"""What comes out of coding, next to the entropy and to zstandard."""

from collections.abc import Iterator

import numpy as np

import pyinfo
from bench.inputs.coded_bytes import (
    ALMOST_RANDOM,
    FOUR_BITS,
    HALF_A_BIT,
    KINDS,
    RANDOM,
    coding_data,
    entropy_of,
)
from bench.peers.codecs import CODES, PYINFO_CODERS, ZSTANDARD, messages, shared_code
from bench.processes.workload import Workload
from bench.report import bars
from bench.report.comparisons import Effort, section
from bench.report.tables import Quantity, Row, bytes_text

N = 16 << 20
BLOCK = 256 << 10  # the default block of bytes
SHORT_MESSAGE = 64


def some_bytes(effort: Effort) -> int:
    """Sixteen MiB, or as few bytes as still make two blocks."""
    return 2 * BLOCK if effort.quick else N


@section(
    "Coded sizes",
    "Excess: coded block with its header / entropy of the block - 1, the largest of all blocks "
    "of 256 KiB (the peer's column has the mean). Sizes are those of whole frames.",
)
def sizes(effort: Effort) -> Iterator[Row]:
    n = some_bytes(effort)
    size = bytes_text(n)
    for kind in KINDS:
        effort.progress(f"sizes of {kind}")
        data = coding_data(kind, n)
        coded = {coder: pyinfo.compress(data, **PYINFO_CODERS[coder]) for coder in PYINFO_CODERS}
        for coder, bar in _excess_bars(kind).items():
            excesses = [
                block.coded_size / (entropy_of(part) * part.size / 8) - 1
                for block in pyinfo.Frame(coded[coder]).blocks
                for part in [data[block.start : block.stop]]
            ]
            worst, mean = (Quantity(float(of(excesses)), "%") for of in (max, np.mean))
            what = f"{coder}, {kind}, excess over the entropy"
            yield Row(what, size, worst, "mean", mean, bar=bar)
        whole = len(coded["auto"])
        if kind == ALMOST_RANDOM:
            part, bar = Quantity(whole / n, "%"), bars.ALMOST_INCOMPRESSIBLE_SIZE
            yield Row(f"auto, {kind}, size of the input's", size, part, bar=bar)
        if kind == RANDOM:
            added, bar = Quantity(whole - n, "B"), bars.largest_growth(n)
            yield Row(f"auto, {kind}, bytes added", size, added, bar=bar)
        work = Workload("every_codec", ("encode", kind, n))
        if ZSTANDARD in work.rows():
            theirs = work.candidate(ZSTANDARD).size
            for coder in ("huffman", "rans", "auto"):
                judged = coder == "huffman" and kind == FOUR_BITS
                part, bar = Quantity(len(coded[coder]) / theirs), bars.HUFFMAN_OF_ZSTANDARD
                what, total = f"{coder}, {kind}, size of zstandard's", Quantity(theirs, "B")
                yield Row(what, size, part, ZSTANDARD, total, bar=bar if judged else None)


def _excess_bars(kind: str) -> dict[str, bars.Bar | None]:
    if kind == HALF_A_BIT:
        return {"auto": bars.BELOW_ONE_BIT_EXCESS, "rans": None, "huffman": None}
    if kind == RANDOM:
        return {}
    return {"rans": bars.RANS_EXCESS, "huffman": None, "auto": None}


def of_messages() -> Iterator[Row]:
    """The most bytes that a short message takes beyond what its code's cross-entropy predicts."""
    shorts = messages()[: 1000 * SHORT_MESSAGE].reshape(1000, SHORT_MESSAGE)
    for name in CODES:
        code = shared_code(name)
        overhead = max(
            len(code.encode(short))
            - code.expected_length(np.bincount(short, minlength=256)) * short.size / 8
            for short in shorts
        )
        what, size = f"{name}, bytes beyond the prediction", bytes_text(SHORT_MESSAGE)
        yield Row(what, size, Quantity(overhead, "B"), bar=bars.MESSAGE_OVERHEAD)
