"""The prognostic state of a set of columns: all that a restart carries (energy document §3.4)."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from ldas.errors import InputError
from ldas.model.constants import SOIL_LAYERS, T_T

SOIL_FIELDS = ("tg", "wg", "wgi")
SNOW_FIELDS = ("snow_swe", "snow_density", "snow_enthalpy", "snow_age")
DEPOSITED_ICE = 0.01
"""What ice deposited in one step may add to a saturated layer 1, m3 m-3: only the next step passes the water down."""


@dataclass
class State:
    """Prognostic variables, float64 and C-contiguous, of shape (column,), (14, column) or (snow layer, column).

    Names, units and ranges stand in `ldas/variables.yaml` (kind `state`). Below the hydrological layers `wg` and
    `wgi` are diagnosed in every step and need no value here. Snow without mass has density 50 kg m-3 and zeros.
    """

    tg: np.ndarray  # soil temperature, K, (14, column); tg[0] is the composite surface temperature
    wg: np.ndarray  # liquid water, m3 m-3, (14, column)
    wgi: np.ndarray  # ice as liquid-water equivalent, m3 m-3, (14, column)
    wr: np.ndarray  # water intercepted on leaves, kg m-2
    resa: np.ndarray  # aerodynamic resistance of the last substep, s m-1
    le: np.ndarray  # latent heat flux of the whole patch in the last step, W m-2
    snow_swe: np.ndarray  # kg m-2 of patch, (snow layer, column)
    snow_density: np.ndarray  # kg m-3
    snow_enthalpy: np.ndarray  # J m-3
    snow_age: np.ndarray  # days
    snow_albedo: np.ndarray  # -
    lai: np.ndarray  # m2 m-2
    biomass_leaf: np.ndarray  # B1, kg dry matter m-2
    biomass_structural: np.ndarray  # B2, kg dry matter m-2
    biomass_deep: np.ndarray  # B3, kg dry matter m-2
    assimilation_day: np.ndarray  # A_day, kg CO2 m-2 since the last daily update
    assimilation_max: np.ndarray  # a_max, kg CO2 (kg air)-1 m s-1
    respiration_structural: np.ndarray  # R2, kg dry matter m-2
    respiration_deep: np.ndarray  # R3, kg dry matter m-2
    assimilation_reference: np.ndarray  # A_n,ref, kg CO2 (kg air)-1 m s-1; 0 = to be computed at the next start
    leaf_nitrogen: np.ndarray  # N_a, %; changes only with the nitrogen-dilution option

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(f.name for f in fields(cls))

    @classmethod
    def empty(cls, columns: int, snow_layers: int) -> "State":
        """A zero-filled state (snow density 50) to be filled by a cold start or a reader."""
        shape = {
            **dict.fromkeys(SOIL_FIELDS, (SOIL_LAYERS, columns)),
            **dict.fromkeys(SNOW_FIELDS, (snow_layers, columns)),
        }
        state = cls(**{name: np.zeros(shape.get(name, (columns,))) for name in cls.names()})
        state.snow_density[:] = 50.0
        return state

    @property
    def columns(self) -> int:
        return self.lai.shape[0]

    @property
    def snow_layers(self) -> int:
        return self.snow_swe.shape[0]

    def as_dict(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in self.names()}

    def copy(self) -> "State":
        return State(**{name: value.copy() for name, value in self.as_dict().items()})

    @property
    def cold(self) -> np.ndarray:
        """Columns with snow, soil ice or a soil layer at or below the melting point, bool (column,)."""
        return (self.snow_swe[0] > 0.0) | (self.wgi > 0.0).any(axis=0) | (self.tg <= T_T).any(axis=0)

    def select(self, index: np.ndarray) -> "State":
        """The columns of an integer index or boolean mask, as a copy."""
        return State(**{name: np.ascontiguousarray(value[..., index]) for name, value in self.as_dict().items()})

    def put(self, index: np.ndarray, other: "State") -> None:
        """Write the columns of `other` at `index`, in place (the inverse of `select`)."""
        for name, value in self.as_dict().items():
            value[..., index] = getattr(other, name)

    def equals(self, other: "State") -> bool:
        """True when every bit is the same (NaN counts as a difference)."""
        return all(np.array_equal(value, getattr(other, name)) for name, value in self.as_dict().items())

    def check(self, w_sat: np.ndarray, n_water: np.ndarray, place: Callable[[int], str] = "column {}".format) -> None:
        """Raise InputError naming variable, layer and column of the first value that no run may start from.

        `w_sat` is (14, column), `n_water` (column,) the number of hydrological layers; `place` gives a column's words.
        """
        for name, value in self.as_dict().items():
            if not np.isfinite(value).all():
                index = np.argwhere(~np.isfinite(value))[0]
                where = _words(index, place)
                raise InputError(f"state {name}: expected finite numbers, got {value[tuple(index)]} at {where}")
        active = np.arange(SOIL_LAYERS)[:, None] < n_water
        surplus = np.where(np.arange(SOIL_LAYERS)[:, None] == 0, DEPOSITED_ICE, 1e-9)
        for name, wrong, expectation in (
            ("wg", active & (self.wg < 0.0), "expected liquid water >= 0"),
            ("wg", active & (self.wg + self.wgi > w_sat + surplus), "expected wg + wgi <= w_sat"),
            ("wgi", active & (self.wgi < 0.0), "expected ice >= 0"),
            ("tg", (self.tg < 180.0) | (self.tg > 350.0), "expected 180 to 350 K"),
            ("snow_swe", self.snow_swe < 0.0, "expected snow mass >= 0"),
            ("snow_density", self.snow_density <= 0.0, "expected a density > 0"),
            ("wr", self.wr < 0.0, "expected intercepted water >= 0"),
            ("resa", self.resa <= 0.0, "expected a resistance > 0"),
            ("lai", self.lai < 0.0, "expected LAI >= 0"),
        ):
            if wrong.any():
                index = np.argwhere(wrong)[0]
                value = getattr(self, name)[tuple(index)]
                raise InputError(f"state {name}: {expectation}, got {value:.6g} at {_words(index, place)}")


def _words(index: np.ndarray, place: Callable[[int], str]) -> str:
    layer = f"layer {index[0] + 1}, " if len(index) == 2 else ""
    return layer + place(index[-1])
