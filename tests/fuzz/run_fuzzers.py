"""Builds the fuzzing harnesses with clang and runs all of them at once for a while.

``python tests/fuzz/run_fuzzers.py SECONDS [NAME ...]`` from anywhere; needs clang with libFuzzer
(on Debian: ``clang`` and ``libclang-rt-<version>-dev``), CMake, Ninja, and an installed pyinfo for
the frames to begin with. Without clang it says so, and that is no failure. The C++ tests are built
along: ``ctest --preset fuzz`` runs them with the same sanitizers.

The corpus stays in build/fuzz/corpus and grows from run to run. Inputs that end in a finding are
kept in build/fuzz/findings, named after the harness: ``build/fuzz/tests/fuzz/fuzz_<name> FILE``
runs one again. Exits with 1 if there were any.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import pyinfo
from pyinfo import patches

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
CORPUS = BUILD / "corpus"
FINDINGS = BUILD / "findings"
HARNESSES = ("deltas", "frame", "huffman", "index", "message", "models", "patches", "rans")

COMPILERS = ("clang++", *(f"clang++-{version}" for version in range(30, 10, -1)))
LONGEST_INPUT = 6000
PROBE = (
    'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, decltype(sizeof 0)) { return 0; }'
)


def find_compiler() -> str | None:
    """A clang that links with libFuzzer and the sanitizers."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text(PROBE)
        for name in filter(shutil.which, COMPILERS):
            options = ["-fsanitize=fuzzer,address,undefined", "-o", f"{folder}/probe"]
            done = subprocess.run([name, *options, source], capture_output=True, check=False)
            if done.returncode == 0:
                return name
    return None


def build(compiler: str) -> None:
    c_compiler = compiler.replace("++", "")
    compilers = [f"-DCMAKE_C_COMPILER={c_compiler}", f"-DCMAKE_CXX_COMPILER={compiler}"]
    configure = ["cmake", "--preset", "fuzz", *compilers, "-DPYINFO_WERROR=ON"]
    subprocess.run(configure, cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", "--preset", "fuzz"], cwd=ROOT, check=True)


def write_corpus() -> None:
    """Frames of every form, those of the format's test vectors among them, and plain noise."""
    for name in HARNESSES:
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for vector in (ROOT / "tests" / "data" / "vectors").rglob("*.pin"):
        if vector.stat().st_size <= LONGEST_INPUT:
            shutil.copy(vector, CORPUS / "frame")
    for i, frame in enumerate(frames()):
        if len(frame) <= LONGEST_INPUT:
            (CORPUS / "frame" / f"generated_{i}").write_bytes(frame)
    for i, patch in enumerate(patches_of_every_kind()):
        (CORPUS / "deltas" / f"generated_{i}").write_bytes(patch)
    random = np.random.default_rng(0)
    for name in set(HARNESSES) - {"frame", "deltas"}:
        for i in range(64):
            noise = random.geometric(0.02 * (1 + i % 8), 40 + 30 * i) % 256
            (CORPUS / name / f"generated_{i}").write_bytes(noise.astype(np.uint8).tobytes())


def patches_of_every_kind() -> list[bytes]:
    """Patches of the base that the harness has: elements that count up."""
    made = []
    for dtype in ("u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8"):
        base = np.arange(1024, dtype=np.uint8)[: 512 // np.dtype(dtype).itemsize * 8].view(dtype)
        random = np.random.default_rng(1)
        raw = base.copy().view(f"u{base.itemsize}")
        for rate in (0.0, 0.05, 1.0):
            moved = raw + (random.random(raw.size) < rate).astype(raw.dtype)
            made.append(patches.diff(base, moved.view(dtype)))
    return made


def frames() -> list[bytes]:
    random = np.random.default_rng(0)
    geometric = (random.geometric(0.3, 6000) % 256).astype(np.uint8)
    rare = np.zeros(70_000, np.uint8)
    rare[::900] = np.arange(78) + 1
    rare[::7] = 1
    normal = random.standard_normal(600)
    arrays = [
        np.empty(0, np.uint8),
        np.zeros(5000, np.uint8),
        geometric[:40],
        geometric,
        rare,
        random.integers(0, 256, 900).astype(np.uint8),
        normal.astype(np.float32).reshape(20, 30),
        np.asfortranarray(normal.reshape(30, 20)),
        np.arange(400, dtype=np.int64),
        # Few symbols, even and not, in runs, and one that prevails.
        *(random.integers(0, k, 700).astype(np.uint8) for k in (2, 3, 4, 5, 9, 16)),
        (random.random(1500) < 0.05).astype(np.uint8),
        np.repeat(np.arange(60) % 2, random.integers(1, 60, 60)).astype(np.uint8),
        np.where(random.random(1500) < 0.1, random.integers(0, 256, 1500), 7).astype(np.uint8),
        # Exponents that straddle two bytes: these are rotated.
        *((0.02 * normal).astype(dtype) for dtype in (np.float16, np.float32, np.float64)),
        (0.02 * normal.astype(np.complex64)),
    ]
    written = [
        pyinfo.compress(array, coder=coder, block_size=block_size)
        for array in arrays
        for coder in ("auto", "huffman", "rans", "raw")
        for block_size in (None, 250)
    ]
    for piece in (geometric[:3000], geometric[:0]):
        compressor = pyinfo.Compressor(block_size=700)
        written.append(compressor.compress(piece) + compressor.flush())
    compressor = pyinfo.Compressor(block_size=250, itemsize=4, floats=True)
    written.append(compressor.compress(normal.astype(np.float32)) + compressor.flush())
    if not any(pyinfo.Frame(frame).rotated for frame in written):
        raise AssertionError("none of the frames to begin with is rotated")
    modes = {block.mode for frame in written for block in pyinfo.Frame(frame).blocks}
    if not {"digits", "bitmap"} <= modes:
        raise AssertionError("no frame to begin with has digits, or none has a bitmap")
    return written


def run(names: list[str], seconds: int) -> bool:
    """Run the harnesses side by side; whether none of them found anything."""
    FINDINGS.mkdir(exist_ok=True)
    running = {}
    for name in names:
        command = [
            BUILD / "tests" / "fuzz" / f"fuzz_{name}",
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST_INPUT}",
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            "-verbosity=1",
            f"-artifact_prefix={FINDINGS}/{name}_",
            CORPUS / name,
        ]
        log = (BUILD / f"{name}.log").open("w+")
        running[name] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT), log
    clean = True
    for name, (process, log) in running.items():
        code = process.wait()
        log.seek(0)
        text = log.read()
        log.close()
        if code != 0:
            clean = False
            print(text[-6000:])
        executions = re.search(r"number_of_executed_units: (\d+)", text)
        covered = re.findall(r"cov: (\d+)", text)
        print(
            f"fuzz_{name}: {executions[1] if executions else 'unknown'} executions, "
            f"{covered[-1] if covered else 'unknown'} edges covered, "
            f"{'no findings' if code == 0 else 'A FINDING'}",
            flush=True,
        )
    return clean


def main() -> int:
    parser = argparse.ArgumentParser(prog="run_fuzzers.py", description=__doc__)
    parser.add_argument("seconds", type=int, help="for each harness")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(HARNESSES)}")
    arguments = parser.parse_args()
    names = arguments.names or list(HARNESSES)
    if not set(names) <= set(HARNESSES):
        parser.error(f"the harnesses are {', '.join(HARNESSES)}")

    compiler = find_compiler()
    if compiler is None:
        print("NOT FUZZED: there is no clang with libFuzzer on this machine")
        return 0
    build(compiler)
    write_corpus()
    return 0 if run(names, arguments.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
