"""Parameters of columns from patch, vegetation type, position, texture and overrides (energy §2, vegetation §§2, 9.5).

Tables stand in `ldas/model/data`. Any constant of the tables and any field of `Parameters` can be overridden, per patch
or per column; `soil_depth` and `cumulative_roots` replace the documents' rules for the column's depth and roots.
"""

from collections.abc import Mapping

import numpy as np

from ldas.errors import InputError
from ldas.model.constants import SOIL_LAYERS
from ldas.model.options import ModelOptions
from ldas.model.parameters import Parameters
from ldas.model.pedotransfer import hydraulics, thermal
from ldas.model.soil_column import cumulative_roots, runoff_depth, soil_layers, water_depth
from ldas.model.vegetation_table import SITE_FIELDS, gather_types, mix_types, type_index

Override = float | np.ndarray | Mapping[int, float | np.ndarray]
"""A value for all columns ((column,) or (14, column) or one number), or one value a patch number."""

WHOLE_NUMBERS = ("patch", "n_water", "veg_rule", "height_rule", "sowing_day", "harvest_day")
EXTRA_NAMES = (*SITE_FIELDS, "soil_depth", "cumulative_roots", "height")
LAYERED = (
    "layer_bottom",
    "w_sat",
    "w_fc",
    "w_wilt",
    "b",
    "psi_sat",
    "k_sat",
    "lambda_dry",
    "lambda_solid",
    "c_solid",
    "root_fraction",
    "cumulative_roots",
)
DRY_FLOOR, DRY_NIR_STEP = 0.05, 0.10
DAYS_OF_YEAR = 366


def derive_parameters(
    patch: np.ndarray,
    latitude: np.ndarray,
    longitude: np.ndarray,
    sand: np.ndarray,
    clay: np.ndarray,
    options: ModelOptions,
    *,
    vegetation_type: np.ndarray | None = None,
    type_shares: np.ndarray | None = None,
    lai: np.ndarray | None = None,
    vegetated_share: np.ndarray | None = None,
    overrides: Mapping[str, Override] | None = None,
) -> Parameters:
    """Parameters of columns.

    patch: numbers 1 to 12 (column,); latitude and longitude in degrees (column,); sand and clay fractions, (column,)
    for a uniform profile or (14, column). `vegetation_type` (column,) holds names or numbers 1 to 19 (default: the
    patch's first type); `type_shares` (19, column) mixes types in a patch and then `lai` (column,) weighs crops.
    `vegetated_share` (column,) is the share of vegetated types in the column's grid cell, for the soil albedo (default:
    a cell of this patch alone). `overrides` maps a field of `Parameters`, or `root_depth`, `ground_depth`, `root_beta`,
    `root_linear`, `soil_depth` (m, snapped to the grid), `cumulative_roots` (14 values), `height` (constant, m), to a
    number, an array, or {patch: value}.

    Raises InputError naming the field, the column and what was expected.
    """
    patch = np.asarray(patch, dtype=np.int64)
    columns = patch.size
    given = {name: _expand(name, value, patch) for name, value in (overrides or {}).items()}
    latitude = _position("latitude", latitude, columns, 90.0)
    longitude = _position("longitude", longitude, columns, 360.0)
    sand, clay = _texture(sand, clay, columns)

    index = type_index(patch, vegetation_type)
    fields = gather_types(index)
    if type_shares is not None:
        fields = mix_types(type_shares, np.zeros(columns) if lai is None else np.asarray(lai, dtype=np.float64))
    if "height" in given:
        given["height_constant"] = given.pop("height")
    _replace(fields, given)

    fields |= _soil(patch, fields, given)
    fields |= hydraulics(sand, clay, options.pedotransfer)
    _replace(fields, given)
    fields |= thermal(sand, fields["w_sat"])
    fields |= _soil_albedo(sand[0], fields["vegetated"], vegetated_share, options, given)
    fields |= {"patch": patch, "latitude": latitude, "longitude": longitude}
    fields |= {name: np.zeros(columns) for name in ("sowing_day", "harvest_day")}
    _replace(fields, given)

    parameters = Parameters(
        **{name: np.ascontiguousarray(fields[name]).astype(_dtype(name), copy=True) for name in Parameters.names()}
    )
    _check(parameters)
    return parameters


def vegetated_share_of_cells(cell: np.ndarray, patch: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Share of vegetated patches (4-12) in the cell of each column, for the DRY soil albedo."""
    total = np.bincount(cell, weights=fraction)
    vegetated = np.bincount(cell, weights=np.where(patch > 3, fraction, 0.0))
    return np.asarray((vegetated / np.where(total > 0.0, total, 1.0))[cell])


def _dtype(name: str) -> type:
    flags = ("vegetated", "woody", "tropical", "c4", "drought_avoiding")
    return np.int64 if name in WHOLE_NUMBERS else np.bool_ if name in flags else np.float64


def _expand(name: str, value: Override, patch: np.ndarray) -> np.ndarray:
    """An override as an array of its field's shape, NaN where no value is given."""
    if name not in Parameters.names() and name not in EXTRA_NAMES:
        raise InputError(f"override {name}: expected a field of Parameters or one of {', '.join(EXTRA_NAMES)}")
    shape = (SOIL_LAYERS, patch.size) if name in LAYERED else (patch.size,)
    by_patch = value if isinstance(value, Mapping) else {None: value}
    result = np.full(shape, np.nan)
    for number, item in by_patch.items():
        array = np.asarray(item, dtype=np.float64)
        broken = array[np.isfinite(array) & (array != np.round(array))]
        if name in WHOLE_NUMBERS and broken.size:
            raise InputError(f"override {name}: expected whole numbers, got {broken[0]:g}")
        if number is not None and number not in range(1, 13):
            raise InputError(f"override {name}: expected patch numbers 1 to 12, got {number!r}")
        if array.shape == (SOIL_LAYERS,) and len(shape) == 2:
            array = array[:, None]
        if array.ndim > len(shape) or (array.shape not in ((), shape, (SOIL_LAYERS, 1), (patch.size,))):
            raise InputError(f"override {name}: expected a number or an array of shape {shape}, got {array.shape}")
        result = np.where(True if number is None else patch == number, array, result)
    return result


def _replace(fields: dict[str, np.ndarray], given: Mapping[str, np.ndarray]) -> None:
    for name, value in given.items():
        if name in fields:
            fields[name] = np.where(np.isnan(value), fields[name], value).astype(fields[name].dtype)


def _position(name: str, value: np.ndarray, columns: int, limit: float) -> np.ndarray:
    array = np.broadcast_to(np.asarray(value, dtype=np.float64), (columns,))
    wrong = ~(np.abs(array) <= limit)
    if wrong.any():
        where = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{name}: expected -{limit:g} to {limit:g} degrees, got {array[where]:g} at column {where}")
    return array


def _texture(sand: np.ndarray, clay: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Sand and clay as (14, column), checked."""
    profiles = []
    for name, value in (("sand", sand), ("clay", clay)):
        array = np.asarray(value, dtype=np.float64)
        if array.shape not in ((), (columns,), (SOIL_LAYERS, columns)):
            raise InputError(f"{name}: expected shape ({columns},) or (14, {columns}), got {array.shape}")
        profile = np.ascontiguousarray(np.broadcast_to(array, (SOIL_LAYERS, columns)))
        _refuse(~((profile >= 0.0) & (profile <= 1.0)), profile, f"{name}: expected a fraction from 0 to 1")
        profiles.append(profile)
    _refuse(profiles[0] + profiles[1] > 1.0 + 1e-9, profiles[0] + profiles[1], "sand + clay: expected at most 1")
    return profiles[0], profiles[1]


def _refuse(wrong: np.ndarray, value: np.ndarray, expectation: str) -> None:
    if wrong.any():
        place = np.argwhere(wrong)[0]
        layer = f"layer {place[0] + 1}, " if len(place) == 2 else ""
        raise InputError(f"{expectation}, got {value[tuple(place)]:g} at {layer}column {place[-1]}")


def _soil(
    patch: np.ndarray, fields: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Grid, roots and runoff depth."""
    vegetated, root_depth = fields["vegetated"], fields["root_depth"]
    bare = np.where(patch == 1, np.minimum(1.0, fields["ground_depth"]), fields["ground_depth"])
    depth = np.where(vegetated, np.maximum(1.0, root_depth), bare)
    if "soil_depth" in given:
        depth = np.where(np.isnan(given["soil_depth"]), depth, given["soil_depth"])
        depth = np.where(vegetated, np.maximum(depth, root_depth), depth)
    _refuse(~((depth > 0.0) & (depth <= 12.0)), depth, "soil depth: expected more than 0 and at most 12 m")
    _refuse(vegetated & ~(root_depth > 0.0), root_depth, "root_depth: expected more than 0 m")
    bottom, count = soil_layers(depth)
    soil = {"layer_bottom": bottom, "n_water": count}
    _replace(soil, given)
    bottom, count = soil["layer_bottom"], soil["n_water"]
    limited = np.minimum(root_depth, water_depth(bottom, count))
    cumulative = cumulative_roots(bottom, limited, fields["root_beta"], fields["root_linear"])
    cumulative = np.where(vegetated, cumulative, 0.0)
    if "cumulative_roots" in given:
        cumulative = np.where(np.isnan(given["cumulative_roots"]), cumulative, given["cumulative_roots"])
    below = np.arange(SOIL_LAYERS)[:, None] >= count
    fraction = np.diff(cumulative, axis=0, prepend=0.0)
    soil["root_fraction"] = np.where(below, 0.0, fraction)
    soil["runoff_depth"] = runoff_depth(bottom, count, cumulative)
    return soil


def _soil_albedo(
    sand: np.ndarray,
    vegetated: np.ndarray,
    vegetated_share: np.ndarray | None,
    options: ModelOptions,
    given: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Soil albedos of the option: dry ones for DRY and EVOL (§9.5)."""
    share = vegetated.astype(float) if vegetated_share is None else np.asarray(vegetated_share, dtype=np.float64)
    _refuse(~((share >= 0.0) & (share <= 1.0 + 1e-9)), share, "vegetated share of the cell: expected 0 to 1")
    if options.soil_albedo == "given":
        for name in ("albedo_nir_soil", "albedo_vis_soil"):
            if name not in given or np.isnan(given[name]).any():
                raise InputError(f"override {name}: expected a value in every column with soil_albedo 'given'")
    factor = {"WET": 0.5, "MEAN": 0.75}.get(options.soil_albedo, 1.0)
    vis = DRY_FLOOR + (DRY_FLOOR + np.maximum(0.30 * sand, 0.10)) * (1.0 - 0.9 * share**2)
    return {"albedo_vis_soil": factor * vis, "albedo_nir_soil": factor * (vis + DRY_NIR_STEP)}


def _check(parameters: Parameters) -> None:
    """Raise InputError for the first field no run may start with (only overrides can cause it)."""
    for name, value in parameters.as_dict().items():
        _refuse(~np.isfinite(value), value, f"{name}: expected finite numbers")
    p = parameters
    rising = np.diff(p.layer_bottom, axis=0, prepend=0.0) > 0.0
    vegetated = p.vegetated
    for wrong, value, expectation in (
        (~rising, p.layer_bottom, "layer_bottom: expected depths that increase downward"),
        ((p.n_water < 2) | (p.n_water > SOIL_LAYERS), p.n_water, "n_water: expected 2 to 14 layers"),
        (~((p.w_wilt >= 0.0) & (p.w_wilt < p.w_fc)), p.w_wilt, "w_wilt: expected at least 0 and less than w_fc"),
        (~((p.w_fc < p.w_sat) & (p.w_sat < 1.0)), p.w_fc, "w_fc: expected less than w_sat, and w_sat less than 1"),
        (~(p.psi_sat < 0.0), p.psi_sat, "psi_sat: expected negative values"),
        (~(p.k_sat > 0.0), p.k_sat, "k_sat: expected positive values"),
        (~(p.b > 0.0), p.b, "b: expected positive values"),
        (p.root_fraction < 0.0, p.root_fraction, "root_fraction: expected no negative values"),
        (vegetated & ~(p.g_m > 0.0), p.g_m, "g_m: expected positive values"),
        (vegetated & ~(p.a_max > 0.0), p.a_max, "a_max: expected positive values"),
        (vegetated & ~(p.tau_m > 0.0), p.tau_m, "tau_m: expected positive values"),
        (vegetated & ~(p.lai_min > 0.0), p.lai_min, "lai_min: expected positive values"),
        (
            vegetated & ~(p.nitrogen_e * p.leaf_nitrogen + p.nitrogen_f > 0.0),
            p.leaf_nitrogen,
            "e N_a + f: expected > 0",
        ),
    ):
        _refuse(wrong, value, expectation)
    for name, day, other in (
        ("sowing_day", p.sowing_day, p.harvest_day),
        ("harvest_day", p.harvest_day, p.sowing_day),
    ):
        _refuse((day < 0) | (day > DAYS_OF_YEAR), day, f"{name}: expected a day of the year from 1 to 366")
        _refuse((day == 0) & (other > 0), day, f"{name}: expected a day of the year beside the other date")
    total = p.root_fraction.sum(axis=0)
    _refuse((total > 0.0) & (np.abs(total - 1.0) > 1e-6), total, "root_fraction: expected a sum of 1 or 0")
