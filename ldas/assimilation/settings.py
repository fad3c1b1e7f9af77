"""Every number of the filter, with the defaults of the method document (section numbers are those of the document)."""

from typing import Literal

from pydantic import Field, PositiveFloat

from ldas.settings import Settings

Experiment = Literal["OL", "SSM", "LAI", "SSM_LAI"]


class ControlSettings(Settings):
    """Perturbations of the control variables at the start of the window (§2.3)."""

    lai_perturbation: PositiveFloat = 1e-3
    """Relative perturbation of LAI and of the leaf biomass."""
    wg_perturbation: tuple[
        PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat, PositiveFloat
    ] = (1e-4,) * 7
    """Perturbations of WG2 to WG8 as fractions of the wetness range w_fc - w_wilt."""
    backward_at_saturation: bool = True
    """Perturb a layer without room for the water downwards; the reference always goes up."""


class ErrorSettings(Settings):
    """Fixed diagonal background and observation errors (§2.4, §2.5); soil values are fractions of w_fc - w_wilt."""

    background_wg2: PositiveFloat = 0.4
    background_deep: PositiveFloat = 0.2
    """WG3 to WG8."""
    background_lai_relative: PositiveFloat = 0.20
    """Share of the forecast LAI, from `background_lai_threshold` upwards."""
    background_lai_absolute: PositiveFloat = 0.40
    """m2 m-2, below the threshold."""
    background_lai_threshold: PositiveFloat = 2.0
    observation_ssm: PositiveFloat = 0.5
    observation_lai: PositiveFloat = 0.20
    """Share of the observed LAI."""
    observation_lai_guard: float = Field(default=0.10, ge=0)
    """Below this observed LAI the error is at least `observation_lai_floor`."""
    observation_lai_floor: PositiveFloat = 0.05
    ssm_error: Literal["fixed", "product"] = "fixed"
    """`product` takes the product's own uncertainty times the rescaling slope where the product gives one."""
    ssm_count_inflation: float = Field(default=0.0, ge=0)
    """c of the variance factor 1 + c / n for n retrieved pixels; 0 switches it off."""


class JacobianSettings(Settings):
    """What is accepted of the finite differences (§2.3, §8.1)."""

    check: bool = True
    """Reject rows beyond the limits below; numbers that are not finite are always rejected."""
    wg2_by_wg_limit: PositiveFloat = 1.5
    lai_by_lai_limits: tuple[float, float] = (-0.2, 3.0)
    lai_by_wg_limit: PositiveFloat = 50.0
    """m2 m-2 per m3 m-3."""
    wg2_by_lai_limit: PositiveFloat = 0.1
    mask_frozen: bool = True
    """Zero Jacobian of columns with ice in the first `frozen_layers` layers at either end in any run."""
    frozen_layers: int = Field(default=3, ge=1, le=14)
    lai_floor: float = Field(default=0.0, ge=0, le=1)
    """dLAI/dLAI of a column at its minimum LAI when the innovation is positive; 0 switches it off (0.5 in §8.1)."""


class BoundSettings(Settings):
    """Limits of increments and of the analysed state (§2.7)."""

    wg_increment: PositiveFloat = 0.1
    """m3 m-3 a window."""
    lai_increment: PositiveFloat = 1.0
    """m2 m-2 a window."""
    wg_minimum: float = Field(default=0.001, ge=0)
    room_for_ice: bool = True
    """The upper bound is w_sat minus ice; False takes w_sat as the reference does."""
    reapply: bool = True
    """Re-apply the physical bound after the limit of the increment."""


class BiomassSettings(Settings):
    """How the leaf biomass follows an LAI increment (§2.8; vegetation document §8.5)."""

    ratio: Literal["model", "reference"] = "model"
    """alpha = the model's own ratio of the column, or the table of the reference filter by patch."""
    structure: Literal["kept", "follows"] = "kept"
    """`follows` moves the structural biomass along the dilution law with the leaves, in perturbed runs too; `kept` is
    the reference, whose daily step shares added leaves with the stems and keeps a quarter of them while growing."""
    lift_to_minimum: bool = False
    """Fill a pool below LAI_min * alpha before a positive increment is added."""


class QualityControlSettings(Settings):
    """Acceptance of observations (§2.9)."""

    rules: Literal["project", "reference"] = "project"
    """`reference` keeps the absolute innovation check and the all-patches freezing check only."""
    innovation_check: bool = True
    ssm_spread_factor: PositiveFloat = 3.0
    ssm_innovation_limit: PositiveFloat = 0.20
    """m3 m-3."""
    lai_spread_factor: PositiveFloat = 4.0
    lai_innovation_limit: PositiveFloat = 3.0
    """m2 m-2; the larger of this and the spread times its factor counts."""
    reference_innovation_limit: PositiveFloat = 999.0
    soil_temperature_minimum: float = 277.15
    """K, patch-weighted temperature of layer 2 below which SSM is dropped (4 degrees C)."""
    snow_mass_limit: float = Field(default=1.0, ge=0)
    """kg m-2."""
    snow_fraction_limit: float = Field(default=0.05, ge=0, le=1)
    urban_limit: float = Field(default=0.15, ge=0, le=1)
    water_limit: float = Field(default=0.10, ge=0, le=1)
    slope_limit: PositiveFloat = 15.0
    """Degrees."""
    coverage_minimum: float = Field(default=0.20, ge=0, le=1)
    """Share of the cell's 100 m pixels with a retrieval."""
    pixels_per_cell: PositiveFloat = 100.0
    ssm_above_porosity: float = Field(default=0.05, ge=0)
    """SSM may exceed w_sat of layer 2 by this much, m3 m-3."""
    lai_maximum: PositiveFloat = 10.0
    alarm_share: float = Field(default=0.30, gt=0, le=1)
    """Rejected share of a window's observations above which the cycle raises an alarm."""


class RescalingSettings(Settings):
    """Seasonal linear rescaling of SSM to the open loop (§3.4, §3.5)."""

    half_width_days: float = Field(default=45.0, gt=0, le=180)
    minimum_pairs: int = Field(default=20, ge=2)
    minimum_years: int = Field(default=2, ge=1)
    """Different years asked of the seasonal fit; the fall-backs do not ask for them."""
    slope_limits: tuple[PositiveFloat, PositiveFloat] = (0.2, 5.0)
    observation_deviation_minimum: float = Field(default=0.01, gt=0)
    """m3 m-3."""
    neighbour_distance_km: PositiveFloat = 15.0
    neighbour_minimum_pairs: int = Field(default=50, ge=2)
    fallback_inflation: float = Field(default=1.5, ge=1)
    """Factor on the observation error of the all-season and spatial fall-backs."""
    refit: Literal["yearly", "monthly", "dekadly", "never"] = "yearly"
    """When parameters are fitted anew; `yearly` does so on 1 January, and monthly in a record's first year."""
    drift_days: int = Field(default=90, ge=1)
    drift_limit: PositiveFloat = 0.02
    """m3 m-3."""


class AssimilationSettings(Settings):
    """Settings of the SEKF."""

    strict: bool = False
    """Follow the reference filter's quality control, Jacobian, bounds and biomass rules, whatever is set below."""
    update: Literal["window_end", "window_start"] = "window_end"
    """Where the increment is added (§1.2); `window_start` asks for one more run of the window."""
    ssm_patches: Literal["all", "crops_and_grass"] = "all"
    """Patches averaged in the SSM equivalent (§2.2); `crops_and_grass` are patches 7 to 12, renormalised."""
    control: ControlSettings = ControlSettings()
    errors: ErrorSettings = ErrorSettings()
    jacobian: JacobianSettings = JacobianSettings()
    bounds: BoundSettings = BoundSettings()
    biomass: BiomassSettings = BiomassSettings()
    quality_control: QualityControlSettings = QualityControlSettings()
    rescaling: RescalingSettings = RescalingSettings()
    desroziers_cycles: int = Field(default=30, ge=2)
    """Cycles pooled in the sliding consistency statistics."""

    @property
    def sliding_windows(self) -> int:
        """Windows the sliding statistics look back on."""
        return max(self.desroziers_cycles, self.rescaling.drift_days)

    def in_force(self) -> "AssimilationSettings":
        """These settings, or with `strict` the same with the behaviour of the reference filter; numbers are kept."""
        if not self.strict:
            return self
        return self.model_copy(
            update={
                "update": "window_end",
                "ssm_patches": "all",
                "control": self.control.model_copy(update={"backward_at_saturation": False}),
                "jacobian": self.jacobian.model_copy(update={"check": False, "mask_frozen": False, "lai_floor": 0.0}),
                "bounds": self.bounds.model_copy(update={"room_for_ice": False, "reapply": False}),
                "biomass": BiomassSettings(ratio="reference"),
                "quality_control": self.quality_control.model_copy(update={"rules": "reference"}),
            }
        )
