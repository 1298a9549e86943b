"""Short messages with a code that both sides have."""

import functools

import numpy as np

import pyinfo
from bench.inputs.coded_bytes import Bytes, four_bits
from bench.peers.candidate import PYINFO, Candidate
from pyinfo.testing.timing import Call

MESSAGE = 4096
CODES = ("HuffmanCode", "RansModel")
Code = pyinfo.HuffmanCode | pyinfo.RansModel


def data() -> Bytes:
    """What the code is made for; messages are parts of it."""
    return four_bits(1 << 20)


@functools.cache
def shared_code(name: str) -> Code:
    code: Code = getattr(pyinfo, name).from_samples(data())
    return code


def rows(*_: object) -> list[str]:
    return [PYINFO]


def candidate(row: str, direction: str, code: str) -> Candidate:
    """A message of 4 KiB."""
    shared, message = shared_code(code), data()[:MESSAGE]
    coded = shared.encode(message)
    encode = Call(shared.encode, (message,))
    decode = Call(shared.decode, (coded,), {"out": np.empty_like(message)})

    def check() -> None:
        if not np.array_equal(decode(), message):
            raise AssertionError(f"{code} does not return what it was given")

    return Candidate(encode if direction == "encode" else decode, check)
