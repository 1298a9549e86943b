"""Tables in CSV and Parquet files, read by pyarrow or pandas, whichever is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pyinfo.cli.files import RefusalError
from pyinfo.cli.output import printable

_PARQUET: Final = (".parquet", ".pq")


def read_table(path: str, columns: Sequence[str] | None = None) -> Any:
    """Return a table of a file: Parquet by its suffix or as a folder, CSV else.

    Parameters
    ----------
    path : str
        The file.
    columns : sequence of str, optional
        The columns to read; all by default.

    Raises
    ------
    RefusalError
        If neither package is installed, or the file is no such table.
    OSError
        If it cannot be read.
    """
    is_parquet = Path(path).is_dir() or Path(path).suffix.lower() in _PARQUET
    if importlib.util.find_spec("pyarrow") is not None:
        read = _parquet_by_arrow if is_parquet else _csv_by_arrow
    elif importlib.util.find_spec("pandas") is not None:
        read = _parquet_by_pandas if is_parquet else _csv_by_pandas
    else:
        raise RefusalError("tables are read by pyarrow or pandas: pip install 'pyinfo[arrow]'")
    if not Path(path).is_dir():
        Path(path).open("rb").close()  # what is not there is reported alike, whoever reads it
    names = None if columns is None else list(columns)
    try:
        return read(path, names)
    except (ValueError, KeyError) as error:  # Arrow's errors are among them
        raise RefusalError(f"is no such table: {printable(str(error))}") from error


def _parquet_by_arrow(path: str, columns: list[str] | None) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path, columns=columns)


def _csv_by_arrow(path: str, columns: list[str] | None) -> Any:
    from pyarrow import csv

    # An empty field is missing in columns of text as well.
    convert = csv.ConvertOptions(strings_can_be_null=True, include_columns=columns)
    return csv.read_csv(path, convert_options=convert)


def _parquet_by_pandas(path: str, columns: list[str] | None) -> Any:
    import pandas

    return pandas.read_parquet(path, columns=columns)


def _csv_by_pandas(path: str, columns: list[str] | None) -> Any:
    import pandas

    return pandas.read_csv(path, usecols=columns)
