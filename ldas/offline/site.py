"""The site file: where, what soil and vegetation, which options. Strict YAML, one place or many points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ldas.errors import ConfigurationError
from ldas.model.options import ModelOptions
from ldas.settings import Settings

Profile = Annotated[tuple[float, ...], Field(min_length=1)]
Value = float | Profile | dict[int, float | Profile]
"""One number, one number a layer from the top, or either of them by patch number."""

PATCH_SUM_TOLERANCE = 1e-6
TEXTURE_SUM_TOLERANCE = 1e-6


class Heights(Settings):
    """Heights of the weather above the surface, m."""

    temperature: float = Field(default=2.0, gt=0)
    """z_T, of temperature and humidity."""
    wind: float = Field(default=10.0, gt=0)
    """z_u."""


class Texture(Settings):
    """Soil texture as fractions from 0 to 1: one number, or 14 from the top layer down."""

    sand: float | Profile
    clay: float | Profile
    silt: float | Profile | None = None
    """Optional; if given, sand + clay + silt must be 1."""

    @model_validator(mode="after")
    def _fractions(self) -> "Texture":
        for name in ("sand", "clay", "silt"):
            for value in self.layers(name):
                if not 0.0 <= value <= 1.0:
                    raise ValueError(f"{name}: expected a fraction from 0 to 1, got {value:g}")
        for layer in range(max(len(self.layers(name)) for name in ("sand", "clay", "silt"))):
            sand, clay, silt = (self._at(name, layer) for name in ("sand", "clay", "silt"))
            if silt is None and sand + clay > 1.0 + TEXTURE_SUM_TOLERANCE:
                raise ValueError(f"sand + clay: expected at most 1, got {sand + clay:g} in layer {layer + 1}")
            if silt is not None and abs(sand + clay + silt - 1.0) > TEXTURE_SUM_TOLERANCE:
                raise ValueError(f"sand + clay + silt: expected 1, got {sand + clay + silt:g} in layer {layer + 1}")
        return self

    def layers(self, name: str) -> tuple[float, ...]:
        """The values of a fraction: none, one or 14."""
        value = getattr(self, name)
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        if len(values) not in (0, 1, 14):
            raise ValueError(f"{name}: expected one fraction or 14, got {len(values)}")
        return values

    def _at(self, name: str, layer: int) -> Any:
        values = self.layers(name)
        return None if not values else values[min(layer, len(values) - 1)]


class Initial(Settings):
    """First state of a run without restart: arguments of `ldas.model.cold_start.cold_start`, then single fields."""

    temperature: Value = 283.16
    """Soil temperature, K."""
    wetness: Value = 1.0
    """Soil wetness index: 0 at wilting point, 1 at field capacity."""
    lai: Value = 1.0
    snow_swe: Value = 0.0
    """kg m-2."""
    snow_density: Value = 200.0
    """kg m-3."""
    snow_age: Value = 0.0
    """Days."""
    state: dict[str, Value] = Field(default_factory=dict)
    """Fields of the state by name (kind `state` of the variable table) that replace those of the cold start."""


class Point(Settings):
    """One place: a grid cell with its patches."""

    name: str = ""
    latitude: float = Field(ge=-90, le=90)
    """Degrees north."""
    longitude: float = Field(ge=-180, le=360)
    """Degrees east."""
    texture: Texture
    patches: dict[int, Annotated[float, Field(ge=0, le=1)]]
    """Patch number (1 to 12) -> fraction; the fractions sum to 1."""
    vegetation_types: dict[int, str | int] = Field(default_factory=dict)
    """Patch number -> vegetation type, where it is not the patch's first one."""
    parameters: dict[str, Value] = Field(default_factory=dict)
    """Parameters that replace the derived ones: names of `ldas.model.derive.derive_parameters`."""
    initial: Initial = Initial()

    @field_validator("patches")
    @classmethod
    def _whole(cls, patches: dict[int, float]) -> dict[int, float]:
        for number in patches:
            if not 1 <= number <= 12:
                raise ValueError(f"expected patch numbers from 1 to 12, got {number}")
        total = sum(patches.values())
        if abs(total - 1.0) > PATCH_SUM_TOLERANCE:
            raise ValueError(f"expected fractions that sum to 1, got a sum of {total:.6g}")
        return patches

    @model_validator(mode="after")
    def _known_patches(self) -> "Point":
        by_patch: dict[str, Any] = {"vegetation_types": self.vegetation_types, **self.parameters}
        by_patch |= {name: getattr(self.initial, name) for name in Initial.model_fields if name != "state"}
        by_patch |= self.initial.state
        for name, value in by_patch.items():
            for number in value if isinstance(value, Mapping) else ():
                if number not in self.patches:
                    raise ValueError(f"{name}: patch {number} is not among the patches of this place")
        return self

    @property
    def active(self) -> dict[int, float]:
        """Patches with a fraction above zero, in ascending order."""
        return {number: self.patches[number] for number in sorted(self.patches) if self.patches[number] > 0.0}


InterpolatedName = Literal["Tair", "Qair", "Wind", "PSurf", "SWdown", "LWdown", "CO2air"]


class Site(Settings):
    """A run of the model alone."""

    points: tuple[Point, ...] = Field(min_length=1)
    """The places; keys of a point written at the top of the file hold for all points, or make the only one."""
    reference_heights: Heights = Heights()
    model: ModelOptions = ModelOptions()
    interpolation: dict[InterpolatedName, Literal["linear", "constant", "zenith"]] = Field(default_factory=dict)
    """How a variable runs inside a forcing interval: `linear` (default), `constant` (the value at the interval's end),
    for SWdown also `zenith`. Rain and snow are always constant."""

    @model_validator(mode="before")
    @classmethod
    def _spread_common_keys(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        common = {key: content[key] for key in content if key in Point.model_fields}
        own = {key: content[key] for key in content if key not in Point.model_fields}
        points = own.get("points", [{}])
        if isinstance(points, list) and all(isinstance(point, dict) for point in points):
            own["points"] = [{**common, **point} for point in points]
        return own

    @model_validator(mode="after")
    def _interpolation_rules(self) -> "Site":
        for name, rule in self.interpolation.items():
            if rule == "zenith" and name != "SWdown":
                raise ValueError(f"interpolation of {name}: expected linear or constant; zenith is for SWdown alone")
        return self

    @property
    def options(self) -> ModelOptions:
        """Model options with the interpolation rules."""
        constant = {name for name, rule in self.interpolation.items() if rule == "constant"}
        update: dict[str, Any] = {}
        if constant:
            update["constant_forcing"] = tuple(sorted(constant.union(self.model.constant_forcing)))
        if "SWdown" in self.interpolation:
            by_sun = self.interpolation["SWdown"] == "zenith"
            update["shortwave_interpolation"] = "zenith" if by_sun else "linear"
        return self.model.model_copy(update=update)


def load_site(path: str | Path) -> Site:
    """Read and validate a site file; raises ConfigurationError naming the file, the key and what was expected."""
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot read the site file ({error})") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected keys and values, got {type(content).__name__}")
    try:
        return Site.model_validate(content)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        location = first["loc"] if "points" in content else [part for part in first["loc"] if part not in ("points", 0)]
        key = ".".join(str(part) for part in location) or "the whole file"
        got = f" (got {first['input']!r:.80})" if first["type"] != "missing" else ""
        raise ConfigurationError(f"{path}: {key}: {first['msg']}{got}") from error
