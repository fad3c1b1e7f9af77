"""Where observations come from and what of each product is accepted."""

from typing import Literal, Self

from pydantic import Field, model_validator

from ldas.settings import Settings


class ProductSettings(Settings):
    """One observed quantity: its collection, the keys of its assets and the reader that understands it."""

    reader: Literal["clms_ssm", "clms_lai", "plot_ssm", "surface_state"]
    collection: str
    """STAC collection id; one collection, so one variant (`_cog` or netCDF) of every granule."""
    variant: Literal["cog", "nc"] = "cog"
    """Item ids of the other variant (`_nc`, `_cog`) are left out when a catalogue mixes them."""
    assets: dict[str, str]
    """Asset key by layer: `ssm`, `noise` or `lai`, `rmse`, `nobs`, `lbefore`, `qflag` or `ssf`; the first is needed,
    the others are read where the item has them. A netCDF granule has the one layer `file`."""
    search_margin_days: int = Field(default=1, ge=0)
    """The catalogue is asked for this many days more on both sides; dates are taken from the item ids."""
    least_covered: float = Field(default=0.2, ge=0, le=1)
    """Share of a model cell's area that valid pixels must cover, where the source is finer than the cell."""
    longest_lbefore_days: int = Field(default=60, ge=0, le=210)
    """LAI pixels whose oldest observation lies further back (LBEFORE) are left out; 210 keeps all."""
    refused_quality_bits: int = Field(default=0, ge=0, le=255)
    """LAI pixels with one of these bits in QFLAG are left out. The bits differ between versions 1 and 2 and are in
    their user manuals; 0 refuses none."""
    land_cover_uri: str = ""
    """LC100 codes for the mask of `plot_ssm`."""
    largest_frozen_share: float = Field(default=0.05, ge=0, le=1)
    """SSM is refused where `surface_state` calls more than this share of a cell's known area frozen."""


SSM_DEFAULT = ProductSettings(
    reader="clms_ssm",
    collection="clms_ssm_europe_1km_daily_v1_cog",
    assets={"ssm": "ssm1km_ssm", "noise": "ssm1km_noise"},
)
LAI_DEFAULT = ProductSettings(
    reader="clms_lai",
    collection="clms_lai_global_300m_10daily_v2_cog",
    assets={
        "lai": "lai300_lai",
        "rmse": "lai300_rmse",
        "nobs": "lai300_nobs",
        "lbefore": "lai300_lbefore",
        "qflag": "lai300_qflag",
    },
    search_margin_days=30,
)


READERS_OF = {"ssm": ("clms_ssm", "plot_ssm"), "lai": ("clms_lai",), "surface_state": ("surface_state",)}
"""The readers that understand a product."""


class ObservationSettings(Settings):
    """STAC API, products and limits of what is asked of the outside world."""

    stac_url: str = ""
    """Root of the STAC API; empty: the service runs without observations, and says so in every cycle."""
    ssm: ProductSettings | None = SSM_DEFAULT
    """None: no soil moisture is looked for."""
    lai: ProductSettings | None = LAI_DEFAULT
    surface_state: ProductSettings | None = None
    """Surface state flags that refuse SSM over frozen ground, beside the model's own ice and snow; None: the model
    alone says what is frozen."""
    suspended: tuple[Literal["ssm", "lai", "surface_state"], ...] = ()
    """Products left out for a while, because they are broken; not part of what the record was made with. When a product
    is no longer suspended, its granules within the look-back count as late data."""
    endpoint_url: str = ""
    """S3 endpoint of the assets when it is not AWS."""
    region: str = "us-east-1"
    key_variable: str = "AWS_ACCESS_KEY_ID"
    """Environment variable that holds the S3 key of the assets; unset: anonymous."""
    secret_variable: str = "AWS_SECRET_ACCESS_KEY"
    parallel_reads: int = Field(default=4, ge=1)
    """Reads under way at once (the Copernicus Data Space allows four connections)."""
    connect_timeout: float = Field(default=10.0, gt=0)
    """s."""
    read_timeout: float = Field(default=60.0, gt=0)
    """s."""
    retries: int = Field(default=5, ge=0)
    """Further tries of a request that met 429, 5xx or a broken connection, with exponential back-off."""
    page_size: int = Field(default=100, ge=1, le=1000)
    cache_gigabytes: float = Field(default=5.0, gt=0)
    """Bound of the local cache; the files used longest ago go first."""

    @model_validator(mode="after")
    def _readers_fit(self) -> Self:
        for product, readers in READERS_OF.items():
            given: ProductSettings | None = getattr(self, product)
            if given is not None and given.reader not in readers:
                raise ValueError(f"{product}.reader: expected {' or '.join(readers)}, got {given.reader}")
            if given is not None and given.reader == "plot_ssm" and not given.land_cover_uri:
                raise ValueError(f"{product}.land_cover_uri: plot_ssm needs an LC100 map, got no address")
        return self
