"""Seconds and bytes that a window of the Montpellier grid costs, out of whole products on a local S3 server."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

from ldas.demo.servers import ObjectStore
from ldas.grid import Grid
from ldas.observations import clms_lai, clms_ssm
from ldas.observations.download import AssetReader
from ldas.observations.granule import Asset, GranuleRef, parse_id
from ldas.observations.settings import LAI_DEFAULT, SSM_DEFAULT, ObservationSettings, ProductSettings

MONTPELLIER = Grid(2.987, 43.254, 4.379, 44.263)
BAR = 2.0
"""s, of the issue, for the first layer of either product."""
SSM_STEP, LAI_STEP = 1.0 / 112.0, 1.0 / 336.0
BUCKET = "eodata"
TILE = 512


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    store = ObjectStore()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.environ.items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=store.url).create_bucket(Bucket=BUCKET)
        yield store.url
    store.close()


def write_europe(path: Path) -> Path:
    """SSM of all Europe (4144 x 6832) as the catalogue's COG, random values, so that nothing compresses well."""
    rng = np.random.default_rng(1)
    profile = {"driver": "COG", "dtype": "uint8", "count": 1, "crs": "EPSG:4326", "nodata": 255, "compress": "DEFLATE"}
    shape = {"height": 4144, "width": 6832, "transform": from_origin(-11.0, 72.0, SSM_STEP, SSM_STEP)}
    with rasterio.open(path, "w", **profile, **shape, blocksize=TILE) as target:
        target.write(rng.integers(0, 201, (4144, 6832), dtype=np.uint8), 1)
        target.scales = (0.5,)
    return path


def write_globe(path: Path) -> Path:
    """LAI 300 m of the whole globe (47 040 x 120 960): only the tiles around the domain hold values."""
    rng = np.random.default_rng(2)
    west, north = -180.0 - LAI_STEP / 2, 80.0 + LAI_STEP / 2
    profile = {
        "driver": "GTiff",
        "dtype": "uint8",
        "count": 1,
        "crs": "EPSG:4326",
        "nodata": 255,
        "compress": "DEFLATE",
    }
    tiles = {"tiled": True, "blockxsize": TILE, "blockysize": TILE, "sparse_ok": True, "bigtiff": "YES"}
    shape = {"height": 47040, "width": 120960, "transform": from_origin(west, north, LAI_STEP, LAI_STEP)}
    first_row = int((80.0 - 45.0) / LAI_STEP) // TILE * TILE
    first_col = int((2.0 + 180.0) / LAI_STEP) // TILE * TILE
    with rasterio.open(path, "w", **profile, **tiles, **shape) as target:
        window = Window(first_col, first_row, 3 * TILE, 3 * TILE)
        target.write(rng.integers(0, 211, (3 * TILE, 3 * TILE), dtype=np.uint8), 1, window=window)
        target.scales = (LAI_SCALE,)
    return path


LAI_SCALE = 1.0 / 30.0
CASES: list[tuple[str, Callable, Callable, ProductSettings, str]] = [
    ("SSM, Europe", write_europe, clms_ssm.read, SSM_DEFAULT, "c_gls_SSM1km_202605100000_CEURO_S1CSAR_V1.2.1_cog"),
    (
        "LAI 300 m, globe",
        write_globe,
        clms_lai.read,
        LAI_DEFAULT,
        "c_gls_LAI300-RT6_202605100000_GLOBE_OLCI_V2.0.1_cog",
    ),
]


@pytest.mark.benchmark
@pytest.mark.server
@pytest.mark.parametrize(("name", "write", "read", "product", "item"), CASES, ids=[case[0] for case in CASES])
def test_a_window_of_a_whole_product(
    endpoint: str,
    tmp_path: Path,
    add_row: Callable[..., None],
    name: str,
    write: Callable,
    read: Callable,
    product: ProductSettings,
    item: str,
) -> None:
    path = write(tmp_path / "layer.tiff")
    size = path.stat().st_size
    boto3.client("s3", endpoint_url=endpoint).upload_file(str(path), BUCKET, f"{item}.tiff")
    parsed = parse_id(item, "ssm" if product is SSM_DEFAULT else "lai")
    layer = next(iter(product.assets))
    asset = Asset(f"s3://{BUCKET}/{item}.tiff", size, None, 0.5 if product is SSM_DEFAULT else LAI_SCALE)
    granule = GranuleRef(item, layer, parsed.nominal, parsed.version, parsed.revision, {layer: asset})
    settings = ObservationSettings(endpoint_url=endpoint, retries=0)
    seconds, cost = [], []
    for _ in range(3):
        reader = AssetReader(settings, tmp_path / "cache")
        started = time.perf_counter()
        dataset = read(reader, granule, product, MONTPELLIER)
        seconds.append(time.perf_counter() - started)
        cost.append(reader.bytes_read)
    assert np.isfinite(dataset["value"].values).mean() > 0.99
    assert max(cost) < 2.5e6, "only the blocks around the domain are read"
    shown = f"{min(seconds):.2f} s ({', '.join(f'{value:.2f}' for value in seconds)})"
    add_row("reading", f"{name}: seconds", shown, f"{BAR:g} s")
    add_row("reading", f"{name}: bytes", f"{cost[0] / 1e6:.2f} of {size / 1e6:.1f} MB", "blocks")
