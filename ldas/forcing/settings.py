"""Which weather drives a domain."""

from typing import Literal

from pydantic import Field

from ldas.remote import Patience
from ldas.settings import Settings


class AromeSettings(Settings):
    """Where AROME 0.025° packages are and which run gives which hour (data document §2.1)."""

    url_template: str = (
        "https://meteofrance-pnt.s3.rbx.io.cloud.ovh.net/pnt/{run}/arome/0025/{package}/"
        "arome__0025__{package}__{range}__{run}.grib2"
    )
    """fsspec URL of one file; `{run}` is YYYY-MM-DDTHH:00:00Z, `{range}` one of `ranges`, `{package}` SP1 to SP3."""
    packages: tuple[str, ...] = ("SP1", "SP2", "SP3")
    ranges: tuple[str, ...] = (
        "00H06H",
        "07H12H",
        "13H18H",
        "19H24H",
        "25H30H",
        "31H36H",
        "37H42H",
        "43H48H",
        "49H51H",
    )
    run_hours: tuple[int, ...] = (0,)
    """Hours of the runs that are used; 0 alone gives the rule of the reference paper."""
    first_lead: int = Field(default=1, ge=1)
    """Lead, h, of the first record taken from a run. A record belongs to the latest run at least this much older."""
    longest_lead: int = Field(default=51, ge=1)
    """Fall-back to earlier runs stops at this lead, h."""
    message_counts: dict[str, int] = Field(default_factory=dict)
    """Number of messages a file must have, by `package/range`, for example `SP1/00H06H: 97`; others are not counted."""


class ElevationCorrection(Settings):
    """Correction of the weather for the height difference between the source's terrain and the model's."""

    lapse_rate: float = 0.0065
    """Decrease of temperature with height, K m-1."""
    longwave_lapse_rate: float = 0.0
    """Decrease of longwave radiation with height, W m-2 per m; 0 leaves it as it is."""


class PrecipitationSplit(Settings):
    """How a total precipitation becomes rain and snow, where the source does not say or the temperature changed."""

    all_snow_below: float = 273.16
    """Air temperature, K, at and below which all of it is snow; linear up to `all_rain_above`."""
    all_rain_above: float = 275.16


class ForcingSettings(Settings):
    """Adapter and location of the hourly forcing, and what is done to it."""

    adapter: Literal["alma", "arome"] = "alma"
    """`alma` reads CF/ALMA Zarr or NetCDF, `arome` the GRIB2 packages SP1 to SP3 of AROME 0.025°."""
    uri: str = ""
    """fsspec URL of the store or file of the `alma` adapter; `{date:%Y%m%d}` makes it one file a day."""
    endpoint_url: str = ""
    """S3 endpoint when it is not AWS; keys come from the environment."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """s."""
    read_timeout: float = Field(default=60.0, gt=0)
    """Silence of a source, s, after which it counts as one that does not answer."""
    names: dict[str, str] = Field(default_factory=dict)
    """Our name → the source's name, for sources whose names are neither ALMA nor known CF names."""
    time_label: Literal["end", "start"] = "end"
    """Whether the source's means and accumulations are stamped at the end or the start of their interval."""
    accumulation: Literal["interval", "start", "day"] = "interval"
    """What amounts (J m-2, kg m-2, mm) are sums over: their interval, the time since the first record, the UTC day."""
    running_mean_hours: float = Field(default=0.0, ge=0)
    """Fluxes that are means since the last multiple of this many hours (GFS: 6); 0 for means over the interval."""
    unstated_radiation: Literal["mean", "point"] = "mean"
    """What radiation in W m-2 is when the source has no `cell_methods`: a mean over the interval, or instantaneous."""
    precipitation_split: PrecipitationSplit = PrecipitationSplit()
    arome: AromeSettings = AromeSettings()
    source_elevation_uri: str = ""
    """Terrain height of the source on its own grid, when the source does not carry it and a correction is wanted."""
    elevation_correction: ElevationCorrection | None = None
    """None leaves the weather at the source's terrain height, as the reference paper does."""
    longwave: Literal["source", "prata1996", "brutsaert1975"] = "source"
    """`source` refuses a source without longwave; the others name the parameterisation that makes it."""
    longwave_cloud_fraction: float = Field(default=0.0, ge=0, le=1)
    """Constant cloud fraction of the longwave parameterisation."""
    co2_ppm: float = Field(default=410.0, gt=0)
    """CO2 mole fraction when the source has none, ppm; converted with the air density."""
    z_t: float = Field(default=2.0, gt=0)
    """Height of temperature and humidity above the surface, m."""
    z_u: float = Field(default=10.0, gt=0)
    """Height of wind, m."""
    smallest_rain_rate: float = Field(default=-7e-5, le=0)
    """De-accumulated precipitation rates below this, kg m-2 s-1, are refused; those from here to 0 become 0."""
    smallest_radiation: float = Field(default=-50.0, le=0)
    """The same for radiation, W m-2."""
    largest_gap_hours: float = Field(default=1.0, gt=0)
    """Longest interval between source records that is interpolated; a longer one is missing forcing."""
    cached_windows: int = Field(default=45, ge=1)
    """Windows kept in the cache; the oldest are removed first."""

    @property
    def patience(self) -> Patience:
        """The time-outs as `ldas.remote` takes them."""
        return Patience(self.connect_timeout, self.read_timeout)
