"""The documents' tables of vegetation types and patches, and types mixed in one patch (vegetation document §§2, 10.2).

Values come out in SI units under the names of `ldas.model.parameters.Parameters`, or under the extra names of
`SITE_FIELDS` that `ldas.model.derive` turns into depths and roots.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
import yaml

from ldas.errors import InputError
from ldas.model.constants import DAY
from ldas.model.surface_fields import (
    CROP_EXTINCTION,
    HEIGHT_C3_CROP,
    HEIGHT_C4_CROP,
    HEIGHT_CONSTANT,
    HEIGHT_GRASS,
    ROUGHNESS_PER_HEIGHT,
    VEG_BARE,
    VEG_CONSTANT,
    VEG_CROP,
)

SITE_FIELDS = ("root_depth", "ground_depth", "root_beta", "root_linear")
TROPICAL_F0 = 0.74
BLENDING_HEIGHT = 10.0
_UNITS = {"g_m": 1.0e-3, "g_c": 1.0e-3, "a_max": 1.0e-6, "d_max": 1.0e-3, "tau_m": DAY, "epsilon0": 1.0e-6}
_HEIGHT_RULES = {
    "constant": HEIGHT_CONSTANT,
    "c3_crop": HEIGHT_C3_CROP,
    "c4_crop": HEIGHT_C4_CROP,
    "grass": HEIGHT_GRASS,
}
_VEG_RULES = {"bare": VEG_BARE, "constant": VEG_CONSTANT, "crop": VEG_CROP}


def _read(name: str) -> str:
    return resources.files("ldas.model").joinpath(f"data/{name}").read_text(encoding="utf-8")


@cache
def patch_types() -> dict[int, tuple[str, ...]]:
    """Patch number -> names of its vegetation types, the default first."""
    return {patch: tuple(row["types"]) for patch, row in yaml.safe_load(_read("patches.yaml")).items()}


@cache
def type_names() -> tuple[str, ...]:
    """Names of the 19 vegetation types; type number k is at k - 1."""
    return tuple(row["name"] for row in _rows())


@cache
def _rows() -> tuple[dict[str, str], ...]:
    lines = [line for line in _read("vegetation_types.csv").splitlines() if line and not line.startswith("#")]
    names = lines[0].split(",")
    return tuple(dict(zip(names, line.split(","), strict=True)) for line in lines[1:])


@cache
def vegetation_table() -> Mapping[str, np.ndarray]:
    """Every constant of the types, SI, name -> (19,)."""
    paths = yaml.safe_load(_read("photosynthetic_paths.yaml"))
    rows = _rows()
    words = {"name", "form", "path", "strategy", "height_rule", "veg_rule", "height", "patch"}
    table = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name not in words}
    for name in paths["C3"]:
        table[name] = np.array([float(paths[row["path"]][name]) for row in rows])
    for name, factor in _UNITS.items():
        table[name] = table[name] * factor
    form = np.array([row["form"] for row in rows])
    table["patch"] = np.array([int(row["patch"]) for row in rows])
    table["woody"] = (form == "tree") | (form == "tropical")
    table["tropical"] = form == "tropical"
    table["vegetated"] = form != "none"
    table["c4"] = np.array([row["path"] == "C4" for row in rows])
    table["drought_avoiding"] = np.array([row["strategy"] == "avoiding" for row in rows])
    table["f0"] = np.where(table["tropical"], TROPICAL_F0, table["f0"])
    table["f2_threshold"] = np.full(len(rows), 0.3)
    table["height_constant"] = np.array([float(row["height"]) for row in rows])
    table["height_rule"] = np.array([_HEIGHT_RULES[row["height_rule"]] for row in rows], dtype=np.int64)
    table["veg_rule"] = np.array([_VEG_RULES[row["veg_rule"]] for row in rows], dtype=np.int64)
    table["forest_fraction"] = table["woody"].astype(float)
    table["permanent_snow"] = np.array([float(row["name"] == "SNOW") for row in rows])
    return table


def type_index(patch: np.ndarray, vegetation_type: np.ndarray | None) -> np.ndarray:
    """Row of each column in the table; `vegetation_type` holds names or numbers 1..19 (0 or "" = the patch's default).

    Raises InputError for an unknown patch or type, or a type that is not of the patch.
    """
    patches, names = patch_types(), type_names()
    unknown = ~np.isin(patch, list(patches))
    if unknown.any():
        where = int(np.flatnonzero(unknown)[0])
        raise InputError(f"patch: expected numbers 1 to 12, got {patch[where]} at column {where}")
    default = np.array([names.index(patches[p][0]) if p in patches else 0 for p in range(13)])[patch]
    if vegetation_type is None:
        return default
    given = np.asarray(vegetation_type)
    if given.dtype.kind in "US":
        numbers = {name: k + 1 for k, name in enumerate(names)} | {"": 0}
        wrong = ~np.isin(given, list(numbers))
        codes = np.array([numbers.get(str(name), 0) for name in given.ravel()])
    else:
        wrong = (given < 0) | (given > len(names)) | (given != np.round(given))
        codes = np.where(wrong, 0, given).astype(np.int64)
    if wrong.any():
        where = int(np.flatnonzero(wrong)[0])
        raise InputError(f"vegtype: expected a type name or 1 to {len(names)}, got {given[where]} at column {where}")
    index = np.where(codes == 0, default, codes - 1)
    foreign = vegetation_table()["patch"][index] != patch
    if foreign.any():
        where = int(np.flatnonzero(foreign)[0])
        expected = ", ".join(patches[int(patch[where])])
        raise InputError(
            f"vegtype: expected one of {expected} in patch {patch[where]}, got {names[index[where]]} at column {where}"
        )
    return index


def gather_types(index: np.ndarray) -> dict[str, np.ndarray]:
    """The table's constants of columns with one type each, name -> (column,)."""
    return {name: values[index] for name, values in vegetation_table().items() if name != "patch"}


def mix_types(shares: np.ndarray, lai: np.ndarray) -> dict[str, np.ndarray]:
    """Constants of columns whose patch holds several types, name -> (column,), by the rules of §10.2.

    `shares` (19, column) sums to 1 in each column, `lai` (column,) gives the cover of crop types. Where a weighted mean
    has no weight (no tree, no cover) the plain mean is taken. The height is the one whose roughness 0.13 h equals the
    logarithmic mean of the types' (constant heights; the rules of the dominant type hold for the others).
    """
    if shares.shape[0] != len(type_names()) or np.any(shares < 0.0) or np.any(np.abs(shares.sum(axis=0) - 1.0) > 1e-6):
        raise InputError("vegetation types of a patch: expected 19 shares >= 0 that sum to 1 in every column")
    table = vegetation_table()
    crop = table["veg_rule"] == VEG_CROP
    cover = np.where(crop[:, None], 1.0 - np.exp(-CROP_EXTINCTION * lai), table["veg_constant"][:, None])

    def mean(name: str, weight: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        values = table[name].astype(float) if values is None else values
        weight = np.where(weight.sum(axis=0) > 0.0, weight, shares)
        return np.asarray((weight * values[:, None]).sum(axis=0) / weight.sum(axis=0))

    weights = {"share": shares, "cover": shares * cover, "trees": shares * table["woody"][:, None]}
    rules: dict[str, list[str]] = yaml.safe_load(_read("mixing_rules.yaml"))
    mixed = {name: mean(name, weight) for rule, weight in weights.items() for name in rules[rule]}
    for rule in ("share", "cover"):
        mixed |= {name: 1.0 / mean(name, weights[rule], 1.0 / table[name]) for name in rules[f"harmonic_{rule}"]}
    mixed["woody"] = mean("woody", shares) >= 0.5
    mixed["c4"] = mean("c4", shares) >= 0.5
    mixed["drought_avoiding"] = mean("drought_avoiding", weights["cover"]) >= 0.5
    mixed["vegetated"] = mean("vegetated", shares) > 0.0
    mixed["tropical"] = mean("tropical", shares) > 0.8
    dominant = np.argmax(shares, axis=0)
    mixed |= {name: table[name][dominant] for name in rules["dominant"]}
    log_height = np.log(ROUGHNESS_PER_HEIGHT * table["height_constant"] / BLENDING_HEIGHT)
    roughness = BLENDING_HEIGHT * np.exp(-1.0 / np.sqrt(mean("height_constant", shares, log_height**-2.0)))
    mixed["height_constant"] = roughness / ROUGHNESS_PER_HEIGHT
    return mixed
