"""What a consumer of the test publication does and finds; run `python -m tests.catalog.consumer URL` as a stranger."""

import json
import sys
from typing import Any

import fsspec
import intake
import numpy as np
import pystac
import xarray as xr

from tests.products.builders import build_source

SOURCE = build_source(33)


def assert_whole(daily: xr.Dataset, drought: xr.Dataset) -> None:
    """The datasets are the publication of `SOURCE`."""
    np.testing.assert_array_equal(daily["lai"].values, SOURCE.analysis["lai"].values)
    np.testing.assert_array_equal(daily["wg"].isel(time=-1).values, SOURCE.analysis["wg"].values[-1])
    assert daily["time"].values[-1] == np.datetime64("2026-02-03T18:00")
    assert daily["n_ssm_obs"].attrs["units"] == "1" and np.isnan(daily["n_ssm_obs"].values[:, 0, 0]).all()
    assert drought.sizes["time"] == 3
    np.testing.assert_allclose(
        drought["rzsm"].values[1], daily["rzsm"].sel(time=slice("2026-01-11", "2026-01-20")).mean("time"), rtol=1e-6
    )


def through_intake(url: str, **options: Any) -> tuple[xr.Dataset, xr.Dataset]:
    """Both stores through the first-generation catalogue."""
    catalog = intake.open_catalog(f"{url}/catalog.yaml", **options)
    return catalog["analysis_daily"].to_dask(), catalog["drought_dekad"].to_dask()


def through_stac(url: str) -> tuple[xr.Dataset, xr.Dataset]:
    """Both stores through their STAC items."""
    opened = []
    for name in ("analysis-daily/analysis_daily", "drought-dekad/drought_dekad"):
        item = pystac.Item.from_dict(read_json(f"{url}/stac/{name}.json"))
        assert item.assets["zarr"].media_type == "application/vnd+zarr" == pystac.MediaType.ZARR
        opened.append(xr.open_dataset(item.assets["zarr"], engine="stac"))
    return opened[0], opened[1]


def read_json(url: str) -> dict[str, Any]:
    with fsspec.open(url) as file:
        return json.load(file)


def main(url: str) -> None:
    """Open the publication in every way that needs nothing but its address."""
    assert_whole(*through_intake(url))
    second = intake.open_catalog(f"{url}/catalog_v2.yaml")
    assert_whole(second["analysis_daily"].read(), second["drought_dekad"].read())
    assert_whole(xr.open_zarr(f"{url}/analysis.zarr"), xr.open_zarr(f"{url}/drought.zarr"))
    assert_whole(*through_stac(url))


if __name__ == "__main__":
    main(sys.argv[1])
