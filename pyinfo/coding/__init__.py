"""Entropy coding: frames of arrays and files, and codes for single symbols."""

from pyinfo._namespace import publish
from pyinfo.coding.arrays import compress, decompress
from pyinfo.coding.coding_report import CodingReport, PlaneReport, compression_report
from pyinfo.coding.files import FileSizes, compress_file, decompress_file
from pyinfo.coding.frames import Block, DamagedBlock, Frame
from pyinfo.coding.huffman_code import HuffmanCode
from pyinfo.coding.rans_model import RansModel
from pyinfo.coding.streams import Compressor, Decompressor

__all__ = [
    "Block",
    "CodingReport",
    "Compressor",
    "DamagedBlock",
    "Decompressor",
    "FileSizes",
    "Frame",
    "HuffmanCode",
    "PlaneReport",
    "RansModel",
    "compress",
    "compress_file",
    "compression_report",
    "decompress",
    "decompress_file",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
