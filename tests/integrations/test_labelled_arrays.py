"""Arrays of packages that keep more than numbers: dimensions, units, masks, names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyinfo
from pyinfo import Counts

pytestmark = pytest.mark.once

USES = [Counts.from_samples, pyinfo.entropy, pyinfo.compress, pyinfo.entropy_of]


def decoded(data: Any) -> Any:
    return pyinfo.decompress(pyinfo.compress(data))


def refused(data: Any, words: str) -> None:
    for use in USES:
        with pytest.raises(TypeError, match=words):
            use(data)


def test_xarray() -> None:
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    array = xarray.DataArray([[3, 3], [5, 7]], {"x": [10, 20], "y": [1, 2]}, ("x", "y"))
    for data in (array, array.variable):
        assert Counts.from_samples(data) == Counts([3, 5, 7], [2, 1, 1])
        np.testing.assert_array_equal(decoded(data), [[3, 3], [5, 7]])
    assert pyinfo.entropy(xarray.DataArray([0.5, 0.5], {"x": [1, 2]}, "x")) == 1
    refused(array.to_dataset(name="a"), "Dataset: pass one of its arrays")


def test_astropy() -> None:
    pytest.importorskip("astropy", reason="astropy is not installed")
    from astropy import units
    from astropy.table import MaskedColumn, Table
    from astropy.utils.masked import Masked

    lengths = [1.0, 2.0, 1.0] * units.m
    refused(lengths, "has the unit m, which would be lost")
    refused([50.0, 50.0] * units.percent, "has the unit %")
    refused([1 * units.m, 1 * units.km], r"\[0\] has the unit m")
    refused(Masked(lengths, mask=[0, 0, 1]), "has the unit m")
    assert Counts.from_samples(lengths.to_value("km")) == Counts([0.001, 0.002], [2, 1])
    assert pyinfo.entropy(units.Quantity([0.5, 0.5])) == 1
    column = MaskedColumn([3, 3, 5], mask=[0, 0, 1])
    assert Counts.from_samples(column) == Counts([3], [2])
    table = Table({"a": [3, 3, 5], "b": [1, 1, 2]})
    assert pyinfo.pairwise_mutual_information(table).shape == (2, 2)
    assert Counts.from_samples(table).total == 6


def test_hdf5_and_netcdf(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    netcdf = pytest.importorskip("netCDF4", reason="netCDF4 is not installed")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = [3, 3, 5]
        assert Counts.from_samples(file["x"]) == Counts([3, 5], [2, 1])
        np.testing.assert_array_equal(decoded(file["x"]), [3, 3, 5])
        refused(file, "File: pass one of its arrays")
    with netcdf.Dataset(tmp_path / "a.nc", "w") as file:
        file.createDimension("n", 4)
        variable = file.createVariable("v", "i2", ("n",), fill_value=-1)
        variable[:] = np.ma.array([3, 3, 5, 9], mask=[0, 0, 0, 1])
        assert Counts.from_samples(variable) == Counts(np.int16([3, 5]), [2, 1])
        with pytest.raises(TypeError, match="masked"):
            pyinfo.entropy(variable)
        scaled = file.createVariable("w", "i2", ("n",))
        scaled.scale_factor = 0.5
        scaled[:] = [1.5, 1.5, 2.5, 4]
        assert Counts.from_samples(scaled) == Counts([1.5, 2.5, 4.0], [2, 1, 1])
        refused(file, "Dataset: pass one of its arrays")


def test_zarr() -> None:
    zarr = pytest.importorskip("zarr", reason="zarr is not installed (extra zarr)")
    group = zarr.group()
    group["x"] = np.array([3, 3, 5])
    assert Counts.from_samples(group["x"]) == Counts([3, 5], [2, 1])
    refused(group, "Group: pass one of its arrays")


def test_pictures() -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    picture = image.fromarray(pixels)
    np.testing.assert_array_equal(decoded(picture), pixels)
    assert Counts.from_samples(picture).total == 24


def test_sparse_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse", reason="SciPy is not installed")
    for made in (sparse.csr_array([[1, 0]]), sparse.coo_matrix([[1, 0]])):
        refused(made, r"pass \w+\.toarray\(\)")


def test_buffers_that_numpy_cannot_read() -> None:
    import ctypes

    refused(memoryview((ctypes.c_void_p * 2)()), "memoryview of what NumPy cannot read")


def test_arrow_asks_no_tensor_twice() -> None:
    import pyarrow

    # The second question, without a version, would be answered with a warning: an error here.
    for column in (pyarrow.array(["a"]).dictionary_encode(), pyarrow.array([[1]])):
        with pytest.raises(TypeError, match="p must hold real numbers"):
            pyinfo.entropy(column)
