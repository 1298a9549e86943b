"""Entropy coding: whole calls next to peers, sizes, messages, threads."""

from collections.abc import Iterable

import numpy as np

import pyinfo
from bench.inputs.coding_inputs import (
    ALMOST_RANDOM,
    FOUR_BITS,
    HALF_A_BIT,
    KINDS,
    RANDOM,
    TEXT,
    WEIGHTS,
    Bytes,
    coding_data,
    entropy_of,
)
from bench.peers.codecs import PYINFO_CODERS, Codec, installed, peer_codecs, pyinfo_codec
from bench.processes.timing import Call, interleaved, on_all_cpus, ratio
from bench.report import bars
from bench.report.rows import Effort, Quantity, Row, Section, bytes_text

N = 16 << 20
BLOCK = 256 << 10  # the default block of bytes
MANY = 256 << 20
MESSAGE = 4096
SHORT_MESSAGE = 64


def _size(effort: Effort, n: int) -> int:
    """That many bytes, or as few as still make two blocks."""
    return 2 * BLOCK if effort.quick else n


def speed(effort: Effort) -> Section:
    """`compress` and `decompress` next to the peers."""
    section = Section(
        "Coding speed",
        "Whole calls in one thread, checksums included; medians of interleaved rounds. Every codec "
        "was seen to return the data before. Bars against zstandard are judged against the faster "
        "of its two interfaces. constriction is given int32 symbols and a finished model. Times of "
        "16 MiB; the rows of other data are shown for comparison.",
    )
    n = _size(effort, N)
    data = coding_data(FOUR_BITS, n)
    own = [pyinfo_codec(coder, data) for coder in bars.CODERS]
    section.rows.extend(_against_peers(FOUR_BITS, data, own, peer_codecs(data), effort))
    for kind in (WEIGHTS, ALMOST_RANDOM, HALF_A_BIT, TEXT):
        data = coding_data(kind, n)
        own = [pyinfo_codec("auto", data)]
        peers = peer_codecs(data, "zstandard")
        section.rows.extend(_against_peers(kind, data, own, peers, effort))
    return section


def _against_peers(
    kind: str, data: Bytes, own: list[Codec], peers: list[Codec], effort: Effort
) -> Iterable[Row]:
    for direction in ("decode", "encode"):
        effort.progress(f"{direction} {kind}")
        calls = {codec.name: getattr(codec, direction) for codec in (*own, *peers)}
        seconds = interleaved(
            {name: call.sampler() for name, call in calls.items()},
            rounds=effort.rounds,
            sample_seconds=effort.sample_seconds,
        )
        median = {name: float(np.median(times)) for name, times in seconds.items()}
        fastest = {
            owner: min((p.name for p in peers if p.owner == owner), key=median.__getitem__)
            for owner in dict.fromkeys(peer.owner for peer in peers)
        }
        for codec in own:
            coder = codec.name.partition(" ")[2]
            barred = getattr(bars.CODERS[coder], direction) if coder in bars.CODERS else {}
            what = f"{direction} {coder}, {kind}"
            mine = _speed(data, median[codec.name])
            for owner, name in fastest.items():
                faster = ratio(seconds[name], seconds[codec.name])
                others = _speed(data, median[name])
                bar = barred.get(owner) if kind == FOUR_BITS else None
                yield Row(what, bytes_text(data.size), mine, name, others, faster, bar)
            for owner in sorted(set(barred) - set(fastest)):
                yield Row(what, bytes_text(data.size), mine, f"{owner} (not installed)")


def _speed(data: Bytes, seconds: float) -> Quantity:
    return Quantity(data.size / seconds / 1e9, "GB/s")


def sizes(effort: Effort) -> Section:
    """What comes out, next to the entropy and to zstandard."""
    section = Section(
        "Coded sizes",
        "Excess: coded block with its header / entropy of the block - 1, the largest of all blocks "
        "of 256 KiB (the peer's column has the mean). Sizes are those of whole frames.",
    )
    n = _size(effort, N)
    for kind in KINDS:
        effort.progress(f"sizes of {kind}")
        data = coding_data(kind, n)
        size = bytes_text(n)
        coded = {coder: pyinfo.compress(data, **PYINFO_CODERS[coder]) for coder in PYINFO_CODERS}
        for coder, bar in _excess_bars(kind).items():
            worst, mean = _excess(data, coded[coder])
            what = f"{coder}, {kind}, excess over the entropy"
            section.rows.append(
                Row(what, size, Quantity(worst, "%"), "mean", Quantity(mean, "%"), bar=bar)
            )
        if kind == ALMOST_RANDOM:
            part = Quantity(len(coded["auto"]) / n, "%")
            bar = bars.ALMOST_INCOMPRESSIBLE_SIZE
            section.rows.append(Row(f"auto, {kind}, size of the input's", size, part, bar=bar))
        if kind == RANDOM:
            grown = Quantity(len(coded["auto"]) - n, "B")
            bar = bars.largest_growth(n)
            section.rows.append(Row(f"auto, {kind}, bytes added", size, grown, bar=bar))
        if "zstandard" in installed():
            section.rows.extend(_sizes_against_zstandard(kind, data, coded))
    return section


def _excess_bars(kind: str) -> dict[str, bars.Bar | None]:
    if kind == HALF_A_BIT:
        return {"auto": bars.BELOW_ONE_BIT_EXCESS, "rans": None, "huffman": None}
    if kind == RANDOM:
        return {}
    return {"rans": bars.RANS_EXCESS, "huffman": None, "auto": None}


def _excess(data: Bytes, coded: bytes) -> tuple[float, float]:
    excesses = [
        block.coded_size / (entropy_of(part) * part.size / 8) - 1
        for block in pyinfo.Frame(coded).blocks
        for part in [data[block.start : block.stop]]
    ]
    return max(excesses), float(np.mean(excesses))


def _sizes_against_zstandard(kind: str, data: Bytes, coded: dict[str, bytes]) -> Iterable[Row]:
    theirs = peer_codecs(data, "zstandard")[0].size
    for coder in ("huffman", "rans", "auto"):
        part = Quantity(len(coded[coder]) / theirs)
        judged = coder == "huffman" and kind == FOUR_BITS
        yield Row(
            f"{coder}, {kind}, size of zstandard's",
            bytes_text(data.size),
            part,
            bars.ZSTANDARD,
            Quantity(theirs, "B"),
            bar=bars.HUFFMAN_OF_ZSTANDARD if judged else None,
        )


def incompressible(effort: Effort) -> Section:
    """Data that no code makes smaller: recognised and copied."""
    section = Section(
        "Incompressible data",
        "`compress` and `decompress` of random bytes, checksums included; `compress` makes new "
        "bytes each time. NumPy's copy into an array that is there is shown for scale.",
    )
    effort.progress(RANDOM)
    data = coding_data(RANDOM, _size(effort, N))
    codec = pyinfo_codec("auto", data)
    copy = Call(np.copyto, (np.empty_like(data), data))
    seconds = interleaved(
        {"encode": codec.encode.sampler(), "decode": codec.decode.sampler(), "": copy.sampler()},
        rounds=effort.rounds,
        sample_seconds=effort.sample_seconds,
    )
    for direction in ("encode", "decode"):
        section.rows.append(
            Row(
                f"{direction} auto, {RANDOM}",
                bytes_text(data.size),
                _speed(data, float(np.median(seconds[direction]))),
                "numpy.copyto",
                _speed(data, float(np.median(seconds[""]))),
                bar=bars.INCOMPRESSIBLE_SPEED,
            )
        )
    return section


def messages(effort: Effort) -> Section:
    """Short messages with a code that both sides have."""
    section = Section(
        "Messages with a shared code",
        f"One call per message of {MESSAGE} bytes, {FOUR_BITS}; `decode` fills `out`. Overhead: "
        f"the largest of 1000 messages of {SHORT_MESSAGE} symbols, beyond what the code predicts "
        "for these symbols.",
    )
    effort.progress("messages")
    data = coding_data(FOUR_BITS, 1 << 20)
    message = data[:MESSAGE]
    out = np.empty_like(message)
    calls = {}
    for name, code in _shared_codes(data).items():
        coded = code.encode(message)
        if not np.array_equal(code.decode(coded), message):
            raise AssertionError(f"{name} does not return what it was given")
        calls[f"{name}.encode"] = Call(code.encode, (message,))
        calls[f"{name}.decode"] = Call(code.decode, (coded,), {"out": out})
    seconds = interleaved(
        {name: call.sampler() for name, call in calls.items()},
        rounds=effort.rounds,
        sample_seconds=effort.sample_seconds,
    )
    for name, times in seconds.items():
        fast = _speed(message, float(np.median(times)))
        section.rows.append(Row(name, bytes_text(MESSAGE), fast, bar=bars.MESSAGE_SPEED))
    for name, code in _shared_codes(data).items():
        shorts = data[: 1000 * SHORT_MESSAGE].reshape(1000, SHORT_MESSAGE)
        overhead = max(len(code.encode(short)) - _predicted(code, short) for short in shorts)
        what = f"{name}, bytes beyond the prediction"
        beyond = Quantity(overhead, "B")
        section.rows.append(Row(what, bytes_text(SHORT_MESSAGE), beyond, bar=bars.MESSAGE_OVERHEAD))
    return section


def _shared_codes(data: Bytes) -> dict[str, "pyinfo.HuffmanCode | pyinfo.RansModel"]:
    codes = (pyinfo.HuffmanCode.from_samples(data), pyinfo.RansModel.from_samples(data))
    return {type(code).__name__: code for code in codes}


def _predicted(code: "pyinfo.HuffmanCode | pyinfo.RansModel", message: Bytes) -> float:
    """Bytes that the code's own cross-entropy says for these symbols."""
    counts = np.bincount(message, minlength=256)
    return code.expected_length(counts) * message.size / 8


def threads(effort: Effort) -> Section:
    """Two threads next to one."""
    section = Section(
        "Two threads",
        "The same calls with `threads=2` and `threads=1`, not pinned to one processor; "
        "`decompress` fills `out`. Data: the 4-bit bytes again and again.",
    )
    data = np.resize(coding_data(FOUR_BITS, _size(effort, N)), _size(effort, MANY))
    out = np.empty_like(data)
    with on_all_cpus() as cpus:
        if cpus < 2:
            return Section(section.title, "Not measured: there is one processor.")
        for coder in ("huffman", "rans"):
            effort.progress(f"two threads, {coder}")
            coded = pyinfo.compress(data, coder=coder, threads=2)
            if coded != pyinfo.compress(data, coder=coder):
                raise AssertionError("the result depends on the number of threads")
            options = {"encode": {"coder": coder}, "decode": {"out": out}}
            functions = {"encode": (pyinfo.compress, data), "decode": (pyinfo.decompress, coded)}
            for direction, (function, given) in functions.items():
                calls = {
                    str(count): Call(function, (given,), {**options[direction], "threads": count})
                    for count in (1, 2)
                }
                seconds = interleaved(
                    {name: call.sampler() for name, call in calls.items()},
                    rounds=effort.rounds,
                    sample_seconds=effort.sample_seconds,
                )
                section.rows.append(
                    Row(
                        f"{direction} {coder}, {FOUR_BITS}, 2 threads",
                        bytes_text(data.size),
                        _speed(data, float(np.median(seconds["2"]))),
                        "1 thread",
                        _speed(data, float(np.median(seconds["1"]))),
                        ratio(seconds["1"], seconds["2"]),
                        None if effort.quick else bars.TWO_THREADS,
                    )
                )
    return section
