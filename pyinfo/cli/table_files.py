"""Tables in CSV and Parquet files, read by pyarrow or pandas, whichever is installed."""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from pyinfo.cli.files import RefusalError
from pyinfo.cli.output import printable

_PARQUET: Final = b"PAR1"
"""What Parquet files begin with, whatever they are called."""
_SUFFIXES: Final = (".parquet", ".pq")
_OTHER_SEPARATORS: Final = ";\t|"

_Source: TypeAlias = str | io.BytesIO
_Reader: TypeAlias = Callable[[_Source, list[str] | None], Any]


def read_table(path: str, columns: Sequence[str] | None = None) -> Any:
    """Return a table of a file: Parquet by its first bytes or suffix, or as a folder; CSV else.

    Parameters
    ----------
    path : str
        The file; a pipe is read as a whole, "-" is standard input.
    columns : sequence of str, optional
        The columns to read; all by default.

    Raises
    ------
    RefusalError
        If neither package is installed, the file is no such table, or a column is missing.
    OSError
        If it cannot be read.
    """
    source, is_parquet = _source(path)
    header: Callable[[_Source], list[str]]
    read: _Reader
    if importlib.util.find_spec("pyarrow") is not None:
        header = _parquet_header_by_arrow if is_parquet else _csv_header_by_arrow
        read = _parquet_by_arrow if is_parquet else _csv_by_arrow
    elif importlib.util.find_spec("pandas") is not None:
        header = _no_header if is_parquet else _csv_header_by_pandas
        read = _parquet_by_pandas if is_parquet else _csv_by_pandas
    else:
        raise RefusalError("tables are read by pyarrow or pandas: pip install 'pyinfo[arrow]'")
    try:
        names = header(_again(source))
        _require_columns(names, columns, is_parquet)
        return read(_again(source), None if columns is None else list(columns))
    except UnicodeDecodeError as error:
        raise RefusalError("is no such table: its names are not UTF-8") from error
    except (ValueError, KeyError) as error:  # Arrow's errors are among them
        raise RefusalError(f"is no such table: {printable(str(error))}") from error


def _source(path: str) -> tuple[_Source, bool]:
    """Return what is read, and whether it is Parquet."""
    if not path:
        raise RefusalError("is no name of a file")
    if Path(path).is_dir():
        if not any(each.is_file() for each in Path(path).rglob("*")):
            raise RefusalError("is no such table: a folder without files")
        return path, True
    with sys.stdin.buffer if path == "-" else Path(path).open("rb") as file:
        if path != "-" and file.seekable():
            return path, file.read(len(_PARQUET)) == _PARQUET or path.lower().endswith(_SUFFIXES)
        data = file.read()
    return io.BytesIO(data), data.startswith(_PARQUET)


def _again(source: _Source) -> _Source:
    """Return a source to read from its start: readers close what they have read."""
    return source if isinstance(source, str) else io.BytesIO(source.getbuffer())


def _require_columns(names: list[str], columns: Sequence[str] | None, is_parquet: bool) -> None:
    only = names[0] if len(names) == 1 and not is_parquet else ""
    separators = [each for each in _OTHER_SEPARATORS if each in only]
    if separators:
        raise RefusalError(
            f"has one column, {only!r}: are its fields separated by "
            f"{separators[0]!r}? Commas are what is read"
        )
    for column in columns or ():
        if names and column not in names:
            raise RefusalError(f"has no column {column!r}: it has {', '.join(names)}")


def _no_header(_: _Source) -> list[str]:
    return []  # pandas does not say without reading all


def _parquet_header_by_arrow(source: _Source) -> list[str]:
    import pyarrow.parquet

    return list(pyarrow.parquet.ParquetDataset(source).schema.names)


def _parquet_by_arrow(source: _Source, columns: list[str] | None) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(source, columns=columns)


def _csv_header_by_arrow(source: _Source) -> list[str]:
    from pyarrow import csv

    with csv.open_csv(source) as reader:
        return list(reader.schema.names)


def _csv_by_arrow(source: _Source, columns: list[str] | None) -> Any:
    from pyarrow import csv

    # An empty field is missing in columns of text as well.
    convert = csv.ConvertOptions(strings_can_be_null=True, include_columns=columns)
    return csv.read_csv(source, convert_options=convert)


def _parquet_by_pandas(source: _Source, columns: list[str] | None) -> Any:
    import pandas

    return pandas.read_parquet(source, columns=columns)


def _csv_header_by_pandas(source: _Source) -> list[str]:
    import pandas

    return [str(name) for name in pandas.read_csv(source, nrows=0).columns]


def _csv_by_pandas(source: _Source, columns: list[str] | None) -> Any:
    import pandas

    return pandas.read_csv(source, usecols=columns)
