"""Tensors of a program as a packed file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from pyinfo.coding.whole_files import resolved, whole_file
from pyinfo.safetensors.file_header import FileHeader, header_text, in_write_order, padded
from pyinfo.safetensors.packing import FileSource, TensorSource, write_packed


def save_sources(
    sources: Sequence[TensorSource],
    metadata: Mapping[str, str] | None,
    sink: BinaryIO,
    threads: int,
) -> None:
    """Write the packed file of the one that the package of that name would write."""
    entries = in_write_order({each.name: (each.dtype, each.shape) for each in sources})
    kept = None if metadata is None else dict(metadata)
    header = FileHeader(padded(header_text(entries, kept)), entries, kept)
    by_name = {each.name: each for each in sources}
    ordered = [by_name[name] for name in entries]
    write_packed(ordered, sink, FileSource(header, hashed=False), threads=threads)


def save_sources_to(
    sources: Sequence[TensorSource],
    metadata: Mapping[str, str] | None,
    filename: str | os.PathLike[str],
    threads: int,
) -> None:
    """The same, to a file that appears when it is whole."""
    with whole_file(resolved(filename), overwrite=True) as sink:
        save_sources(sources, metadata, sink, threads)
