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
    Bytes,
    coding_data,
    entropy_of,
)
from bench.peers import codecs, messages
from bench.peers.codecs import PYINFO_CODERS, ZSTANDARD
from bench.report import bars
from bench.report.effort import Effort
from bench.report.rows import Quantity, Row, bytes_text
from bench.report.section import section

N = 16 << 20
BLOCK = 256 << 10  # the default block of bytes
SHORT_MESSAGE = 64


def some_bytes(effort: Effort, n: int) -> int:
    """That many bytes, or as few as still make two blocks."""
    return 2 * BLOCK if effort.quick else n


@section(
    "Coded sizes",
    "Excess: coded block with its header / entropy of the block - 1, the largest of all blocks "
    "of 256 KiB (the peer's column has the mean). Sizes are those of whole frames.",
)
def sizes(effort: Effort) -> Iterator[Row]:
    n = some_bytes(effort, N)
    for kind in KINDS:
        effort.progress(f"sizes of {kind}")
        data, size = coding_data(kind, n), bytes_text(n)
        coded = {coder: pyinfo.compress(data, **PYINFO_CODERS[coder]) for coder in PYINFO_CODERS}
        for coder, bar in _excess_bars(kind).items():
            worst, mean = _excess(data, coded[coder])
            what = f"{coder}, {kind}, excess over the entropy"
            yield Row(what, size, Quantity(worst, "%"), "mean", Quantity(mean, "%"), bar=bar)
        whole = len(coded["auto"])
        if kind == ALMOST_RANDOM:
            bar = bars.ALMOST_INCOMPRESSIBLE_SIZE
            yield Row(f"auto, {kind}, size of the input's", size, Quantity(whole / n, "%"), bar=bar)
        if kind == RANDOM:
            bar = bars.largest_growth(n)
            yield Row(f"auto, {kind}, bytes added", size, Quantity(whole - n, "B"), bar=bar)
        if codecs.is_there(ZSTANDARD):
            theirs = codecs.candidate(ZSTANDARD, "encode", kind, n).size
            for coder in ("huffman", "rans", "auto"):
                judged = coder == "huffman" and kind == FOUR_BITS
                yield Row(
                    f"{coder}, {kind}, size of zstandard's",
                    size,
                    Quantity(len(coded[coder]) / theirs),
                    ZSTANDARD,
                    Quantity(theirs, "B"),
                    bar=bars.HUFFMAN_OF_ZSTANDARD if judged else None,
                )


def _excess_bars(kind: str) -> dict[str, bars.Bar | None]:
    if kind == HALF_A_BIT:
        return {"auto": bars.BELOW_ONE_BIT_EXCESS, "rans": None, "huffman": None}
    if kind == RANDOM:
        return {}
    return {"rans": bars.RANS_EXCESS, "huffman": None, "auto": None}


def _excess(data: Bytes, coded: bytes) -> tuple[float, float]:
    """The largest of all blocks, and the mean."""
    excesses = [
        block.coded_size / (entropy_of(part) * part.size / 8) - 1
        for block in pyinfo.Frame(coded).blocks
        for part in [data[block.start : block.stop]]
    ]
    return max(excesses), float(np.mean(excesses))


def of_messages() -> Iterator[Row]:
    """The most that a short message takes beyond what its code predicts."""
    shorts = messages.data()[: 1000 * SHORT_MESSAGE].reshape(1000, SHORT_MESSAGE)
    for name in messages.CODES:
        code = messages.shared_code(name)
        overhead = max(len(code.encode(short)) - _predicted(code, short) for short in shorts)
        yield Row(
            f"{name}, bytes beyond the prediction",
            bytes_text(SHORT_MESSAGE),
            Quantity(overhead, "B"),
            bar=bars.MESSAGE_OVERHEAD,
        )


def _predicted(code: messages.Code, message: Bytes) -> float:
    """Bytes that the code's own cross-entropy says for these symbols."""
    counts = np.bincount(message, minlength=256)
    return code.expected_length(counts) * message.size / 8
