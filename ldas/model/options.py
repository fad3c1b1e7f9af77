"""Model options: what the science documents mark as a choice, with their defaults."""

from typing import Literal

from pydantic import Field

from ldas.settings import Settings


class ModelOptions(Settings):
    """Settings of one integration of ISBA-A-gs (energy document, option table; vegetation document §§5-9)."""

    time_step: float = Field(default=300.0, gt=0, le=3600)
    """Model step, s; must divide the forcing interval."""
    snow_layers: Literal[3, 12] = 12
    pedotransfer: Literal["CH78", "CO84"] = "CH78"
    runoff: Literal["WSAT", "DT92"] = "DT92"
    dt92_b: float = Field(default=0.5, gt=0)
    """Shape parameter B of the DT92 subgrid runoff."""
    horton: bool = False
    """Runoff of what exceeds the infiltration capacity (energy document §4.11, f_sat = 0), with either `runoff`."""
    canopy_radiation: Literal["gauss", "multilayer"] = "gauss"
    """3-point Gauss scheme (`LTR_ML=F`) or ten-layer radiative transfer (`LTR_ML=T`)."""
    soil_albedo: Literal["DRY", "WET", "MEAN", "EVOL", "given"] = "DRY"
    """Bare-soil albedo rule (vegetation document §9.5); `given` takes the parameter fields as they are."""
    respiration: Literal["DEF", "PRM"] = "DEF"
    nitrogen_dilution: bool = False
    """CO2-dependent nitrogen dilution (vegetation document §8.6)."""
    energy_closure: Literal["reference", "consistent"] = "reference"
    """`reference` keeps C_G in the surface conduction term, `consistent` uses C_T there (energy document §7.2)."""
    vegetation_update_hour: int = Field(default=0, ge=0, le=23)
    """UTC hour of the daily biomass and LAI step: 0 as in the reference, or the window hour."""
    shortwave_interpolation: Literal["linear", "zenith"] = "linear"
    """How SWdown runs inside a forcing interval (energy document §3.2)."""
    constant_forcing: tuple[str, ...] = ()
    """ALMA names of variables held at record n+1 over the interval instead of interpolated linearly."""
    recompute_assimilation_reference: bool = False
    """True recomputes A_n,ref from the first forcing record at each start, as the reference does."""
    block_size: int = Field(default=1024, ge=1)
    """Columns per block of the compiled kernels; results do not depend on it."""
    threads: int = Field(default=0, ge=0)
    """Threads over blocks; 0 takes all cores. Results do not depend on it."""
