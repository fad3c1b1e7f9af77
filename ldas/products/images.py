"""Maps for people and desktop tools: cloud-optimised GeoTIFFs and labelled PNG quicklooks of the headline layers."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from ldas.grid import Grid
from ldas.variables import Variable

OVERVIEW_BLOCK = 128

USDM_COLOURS = ("#ffffff", "#ffff00", "#fcd37f", "#ffaa00", "#e60000", "#730000", "#e4e4e4")
"""The legend of the U.S. Drought Monitor: none, D0 to D4; light grey where no class is issued."""

NO_DATA_COLOUR = "#8fa3b5"


@dataclass(frozen=True)
class Scale:
    """How a layer is drawn: a colour map and its range, symmetric about zero for departures."""

    colours: str
    low: float
    high: float


SCALES: Mapping[str, Scale] = {
    "ssm": Scale("YlGnBu", 0.0, 0.45),
    "rzsm": Scale("YlGnBu", 0.0, 0.45),
    "smi_linear": Scale("BrBG", -0.5, 1.5),
    "lai": Scale("YlGn", 0.0, 6.0),
    "ssm_increment": Scale("BrBG", -0.05, 0.05),
    "rz_water_increment": Scale("BrBG", -10.0, 10.0),
    "lai_increment": Scale("PiYG", -1.0, 1.0),
    "ssm_zscore": Scale("BrBG", -3.0, 3.0),
    "rzsm_zscore": Scale("BrBG", -3.0, 3.0),
    "lai_zscore": Scale("PiYG", -3.0, 3.0),
    "rzsm_percentile": Scale("BrBG", 0.0, 100.0),
    "rzsm_change_10d": Scale("BrBG", -0.1, 0.1),
}
DAILY_IMAGES = ("ssm", "rzsm", "lai", "smi_linear", "ssm_increment", "lai_increment")
DEKAD_IMAGES = ("ssm_zscore", "rzsm_zscore", "lai_zscore", "rzsm_percentile", "drought_class", "rzsm_change_10d")


def geotiff(values: np.ndarray, grid: Grid, row: Variable) -> bytes:
    """A cloud-optimised GeoTIFF (EPSG:4326, tiled, deflate, overviews) of a map (lat, lon) that runs north to south."""
    levels = max(1, int(np.ceil(np.log2(max(values.shape) / OVERVIEW_BLOCK))))
    profile = {
        "driver": "COG",
        "dtype": row.dtype,
        "count": 1,
        "height": values.shape[0],
        "width": values.shape[1],
        "crs": "EPSG:4326",
        "transform": from_origin(
            float(grid.lon[0]) - grid.resolution / 2,
            float(grid.lat[0]) + grid.resolution / 2,
            grid.resolution,
            grid.resolution,
        ),
        "nodata": np.nan if row.fill is None else row.fill,
        "blocksize": OVERVIEW_BLOCK,
        "compress": "deflate",
        "overview_count": levels,
        "overview_resampling": "average" if row.fill is None else "mode",
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.write(values.astype(row.dtype), 1)
            raster.set_band_description(1, row.description)
            raster.update_tags(units=row.units)
        return bytes(memory.read())


def quicklook(values: np.ndarray, grid: Grid, row: Variable, when: str) -> bytes:
    """A labelled PNG of a map (lat, lon); missing cells are blue-grey, classes carry their names."""
    figure = Figure(figsize=(6.4, 4.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(NO_DATA_COLOUR)
    shown = np.ma.masked_invalid(values.astype(float)) if row.fill is None else np.ma.masked_equal(values, row.fill)
    colours, norm = _colours(row)
    half = grid.resolution / 2
    extent = (grid.lon[0] - half, grid.lon[-1] + half, grid.lat[-1] - half, grid.lat[0] + half)
    image = axes.imshow(shown, cmap=colours, norm=norm, extent=extent, interpolation="nearest")
    axes.set_aspect(1.0 / np.cos(np.deg2rad(grid.lat.mean())))
    axes.set_xlabel("longitude (°E)")
    axes.set_ylabel("latitude (°N)")
    axes.set_title(f"{row.description}\n{when}", fontsize=10)
    bar = figure.colorbar(image, ax=axes, shrink=0.85, extend="neither" if row.flag_values else "both")
    if row.flag_values:
        bar.set_ticks(list(row.flag_values), labels=[name.replace("_", " ") for name in row.flag_meanings.split()])
    else:
        bar.set_label("" if row.units == "1" else row.units)
    png = io.BytesIO()
    figure.savefig(png, format="png")
    return png.getvalue()


def _colours(row: Variable) -> tuple[Colormap, Normalize]:
    if row.flag_values:
        edges = np.append(np.array(row.flag_values) - 0.5, row.flag_values[-1] + 0.5)
        return ListedColormap(USDM_COLOURS[: len(row.flag_values)]), BoundaryNorm(edges, len(row.flag_values))
    scale = SCALES[row.name]
    return matplotlib.colormaps[scale.colours], Normalize(scale.low, scale.high)
