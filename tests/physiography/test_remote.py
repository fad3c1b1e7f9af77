"""Static maps from a real S3 server equal those from this disk, and a refusal is not an empty map."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
import xarray as xr

from ldas.demo.servers import ObjectStore
from ldas.errors import AccessError, InputError, TransientError
from ldas.physiography import build
from ldas.physiography.read import read_tiles
from ldas.physiography.settings import MapLayer, PhysiographySettings
from tests.forcing.faulty_server import Handler, s3_refusal, serving
from tests.physiography.test_build import CODE_STEP, GRID, settings_of, terrain, write_codes
from tests.servers import Answer, ScriptedServer

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    codes = np.full((100, 100), 40, dtype=np.uint8)
    codes[:, 45:] = 114
    write_codes(folder / "codes.tif", codes)
    terrain().to_netcdf(folder / "terrain.nc")
    terrain().to_zarr(folder / "terrain.zarr", zarr_format=2)
    return folder


@pytest.fixture(scope="module")
def endpoint(folder: Path) -> Iterator[str]:
    store = ObjectStore()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in store.environ.items():
            patch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=store.url)
        client.create_bucket(Bucket="maps")
        for path in folder.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), "maps", path.relative_to(folder).as_posix())
        yield store.url
    store.close()


def remote(endpoint: str, store: str) -> PhysiographySettings:
    layers = {name: MapLayer(uri=(f"s3://maps/{store}",), variable=name) for name in ("sand", "clay", "elevation")}
    return PhysiographySettings(land_cover=MapLayer(uri=("s3://maps/codes.tif",)), endpoint_url=endpoint, **layers)


@pytest.mark.parametrize("store", ["terrain.nc", "terrain.zarr"])
def test_s3_gives_the_local_maps(folder: Path, endpoint: str, store: str) -> None:
    xr.testing.assert_equal(build(remote(endpoint, store), GRID), build(settings_of(folder), GRID))


def test_a_map_that_is_not_there_is_named(endpoint: str) -> None:
    settings = remote(endpoint, "terrain.nc").model_copy(update={"land_cover": MapLayer(uri=("s3://maps/none.tif",))})
    with pytest.raises(InputError, match=r"s3://maps/none\.tif"):
        build(settings, GRID)


def test_only_the_blocks_around_the_domain_are_fetched(scripted_server: ScriptedServer, tmp_path: Path) -> None:
    """GRID and its margin are 50 by 40 of 3000 by 3000 pixels, that is one or two blocks of 512."""
    codes = np.random.default_rng(3).integers(0, 101, (3000, 3000), dtype=np.uint8)
    write_codes(tmp_path / "codes.tif", codes)
    content = (tmp_path / "codes.tif").read_bytes()
    scripted_server.script["/codes.tif"] = [Answer(content)]
    layer = MapLayer(uri=(f"{scripted_server.url}/codes.tif",))
    (tile,) = read_tiles(layer, GRID, "code")
    assert scripted_server.bytes_sent < 0.2 * len(content), f"{scripted_server.bytes_sent} of {len(content)} bytes"
    (local,) = read_tiles(MapLayer(uri=(str(tmp_path / "codes.tif"),)), GRID, "code")
    xr.testing.assert_identical(tile, local)


def mosaic(*sources: str, relative: int = 1) -> bytes:
    """A VRT of 100 by 100 codes in two halves, west and east, each 50 columns of its source."""
    halves = "".join(
        f"<SimpleSource><SourceFilename relativeToVRT='{relative}'>{source}</SourceFilename><SourceBand>1</SourceBand>"
        f"<SrcRect xOff='{50 * half}' yOff='0' xSize='50' ySize='100'/>"
        f"<DstRect xOff='{50 * half}' yOff='0' xSize='50' ySize='100'/></SimpleSource>"
        for half, source in enumerate(sources)
    )
    return (
        "<VRTDataset rasterXSize='100' rasterYSize='100'><SRS>EPSG:4326</SRS>"
        f"<GeoTransform>3.98, {CODE_STEP}, 0, 44.06, 0, -{CODE_STEP}</GeoTransform>"
        f"<VRTRasterBand dataType='Byte' band='1'><NoDataValue>255</NoDataValue>{halves}</VRTRasterBand></VRTDataset>"
    ).encode()


def served_mosaic(server: ScriptedServer, folder: Path, vrt: bytes) -> MapLayer:
    tile = (folder / "codes.tif").read_bytes()
    answers = {"/maps/all.vrt": vrt, "/maps/codes.tif": tile, "/maps/tiles/codes.tif": tile, "/codes.tif": tile}
    server.script = {path: [Answer(content)] for path, content in answers.items()}
    return MapLayer(uri=(f"{server.url}/maps/all.vrt",))


@pytest.mark.parametrize("where", ["http", "local"])
def test_a_mosaic_gives_the_map_of_its_tiles(
    scripted_server: ScriptedServer, folder: Path, tmp_path: Path, where: str
) -> None:
    layer = served_mosaic(scripted_server, folder, mosaic("codes.tif", "./tiles/codes.tif"))
    if where == "local":
        (tmp_path / "all.vrt").write_bytes(mosaic(*[str(folder / "codes.tif")] * 2, relative=0))
        layer = MapLayer(uri=(str(tmp_path / "all.vrt"),))
    (found,) = read_tiles(layer, GRID, "code")
    (expected,) = read_tiles(MapLayer(uri=(str(folder / "codes.tif"),)), GRID, "code")
    np.testing.assert_array_equal(found, expected)
    assert {40.0, 114.0} == set(np.unique(found).tolist())


@pytest.mark.parametrize(
    ("source", "relative"),
    [("../codes.tif", 1), ("tiles/../../codes.tif", 1), ("/vsicurl/http://127.0.0.1:9/codes.tif", 0), ("LOCAL", 0)],
)
def test_a_remote_mosaic_that_points_elsewhere_is_refused(
    scripted_server: ScriptedServer, folder: Path, source: str, relative: int
) -> None:
    elsewhere = str(folder / "codes.tif") if source == "LOCAL" else source
    layer = served_mosaic(scripted_server, folder, mosaic("codes.tif", elsewhere, relative=relative))
    with pytest.raises(InputError, match=r"all\.vrt: expected sources in the folder of the VRT"):
        list(read_tiles(layer, GRID, "code"))
    inner = served_mosaic(scripted_server, folder, mosaic("codes.tif", "tiles/codes.tif"))
    scripted_server.script["/maps/tiles/codes.tif"] = [Answer(mosaic("codes.tif", elsewhere, relative=relative))]
    with pytest.raises(InputError, match=r"tiles/codes\.tif: expected sources in the folder of the VRT"):
        list(read_tiles(inner, GRID, "code"))


@pytest.mark.parametrize(("status", "error"), [(404, InputError), (403, AccessError), (503, TransientError)])
def test_what_becomes_of_a_mosaic_whose_tile_cannot_be_had(
    scripted_server: ScriptedServer, folder: Path, status: int, error: type[Exception]
) -> None:
    layer = served_mosaic(scripted_server, folder, mosaic("codes.tif", "tiles/codes.tif"))
    scripted_server.script["/maps/tiles/codes.tif"] = [Answer(status=status)]
    with pytest.raises(error, match=r"maps/tiles/codes\.tif"):
        list(read_tiles(layer, GRID, "code"))


def test_a_page_under_a_raster_name_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "codes.tif").write_text("<html>login</html>")
    settings = settings_of(folder, land_cover=MapLayer(uri=(str(tmp_path / "codes.tif"),)))
    with pytest.raises(InputError, match=r"codes\.tif"):
        build(settings, GRID)


@pytest.mark.parametrize("code", ["ExpiredToken", "AccessDenied"])
def test_refused_keys_are_not_an_empty_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(Handler, "faults", {"/maps": (403, s3_refusal(code))})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    with serving(tmp_path) as url:
        land_cover = remote(url, "terrain.nc").model_copy(
            update=dict.fromkeys(("sand", "clay", "elevation"), MapLayer(uri=("s3://maps/codes.tif",), units="m"))
        )
        for settings in (remote(url, "terrain.nc"), remote(url, "terrain.zarr"), land_cover):
            with pytest.raises(AccessError):
                build(settings, GRID)
