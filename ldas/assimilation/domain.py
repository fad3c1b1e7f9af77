"""What the filter knows of the columns and cells of a domain, and sums over the patches of a cell."""

from dataclasses import dataclass, fields

import numpy as np

from ldas.assimilation.control import wetness_range
from ldas.errors import InputError
from ldas.grid import Columns
from ldas.model.parameters import Parameters

CROPS_AND_GRASS = (7, 8, 9, 10, 11, 12)
COLUMN_FIELDS = (
    "cell",
    "patch",
    "fraction",
    "w_sat",
    "n_water",
    "lai_min",
    "vegetated",
    "nitrogen_e",
    "nitrogen_f",
)


@dataclass(frozen=True)
class AnalysisDomain:
    """Constant fields of the filter: of columns, shape (column,) or (14, column), and of cells, shape (cell,).

    Cells are numbered 0 to `cells` - 1; a cell without columns takes part in nothing.
    """

    cells: int
    cell: np.ndarray  # int64, cell number of each column
    patch: np.ndarray  # int64, 1..12
    fraction: np.ndarray  # f_p
    w_sat: np.ndarray  # m3 m-3, (14, column)
    n_water: np.ndarray  # int64, number of hydrological layers
    lai_min: np.ndarray  # m2 m-2
    vegetated: np.ndarray  # bool
    nitrogen_e: np.ndarray  # e and f of the leaf specific area e N_a + f, m2 kg-1
    nitrogen_f: np.ndarray
    delta_w: np.ndarray  # w_fc - w_wilt of the filter, m3 m-3, (cell,)
    urban_fraction: np.ndarray  # (cell,)
    water_fraction: np.ndarray  # (cell,)
    slope: np.ndarray  # degrees, (cell,)

    @classmethod
    def from_parameters(
        cls,
        columns: Columns,
        parameters: Parameters,
        clay: np.ndarray,
        urban_fraction: np.ndarray | float = 0.0,
        water_fraction: np.ndarray | float = 0.0,
        slope: np.ndarray | float = 0.0,
    ) -> "AnalysisDomain":
        """The filter's fields from the model's; `clay` (a fraction) and the other maps have the shape of the grid."""
        cells = columns.shape[0] * columns.shape[1]

        def flat(field: np.ndarray | float) -> np.ndarray:
            return np.broadcast_to(np.asarray(field, dtype=float), columns.shape).reshape(-1).copy()

        return cls(
            cells=cells,
            cell=columns.cell,
            patch=columns.patch,
            fraction=columns.fraction,
            w_sat=parameters.w_sat,
            n_water=parameters.n_water,
            lai_min=parameters.lai_min,
            vegetated=parameters.vegetated,
            nitrogen_e=parameters.nitrogen_e,
            nitrogen_f=parameters.nitrogen_f,
            delta_w=wetness_range(flat(clay)),
            urban_fraction=flat(urban_fraction),
            water_fraction=flat(water_fraction),
            slope=flat(slope),
        )

    def __post_init__(self) -> None:
        if (self.fraction < 0.0).any() or not np.isfinite(self.fraction).all():
            raise InputError("patch fractions of the analysis: expected finite numbers >= 0")

    @property
    def column_delta_w(self) -> np.ndarray:
        """w_fc - w_wilt of each column, m3 m-3."""
        return self.delta_w[self.cell]

    @property
    def has_columns(self) -> np.ndarray:
        """True in cells with a patch fraction above zero, (cell,)."""
        return self.sum_patches(self.fraction) > 0.0

    def select(self, index: np.ndarray) -> "AnalysisDomain":
        """The same cells with a subset of the columns."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return AnalysisDomain(**{**values, **{name: values[name][..., index] for name in COLUMN_FIELDS}})

    def sum_patches(self, values: np.ndarray) -> np.ndarray:
        """Sum over the columns of each cell: (..., column) to (..., cell), always in the order of the columns."""
        out = np.empty((*values.shape[:-1], self.cells))
        for index in np.ndindex(values.shape[:-1]):
            out[index] = np.bincount(self.cell, weights=values[index], minlength=self.cells)
        return out

    def aggregate(self, values: np.ndarray) -> np.ndarray:
        """X = sum_p f_p X_p, (..., column) to (..., cell); 0 in cells without columns."""
        return self.sum_patches(self.fraction * values)

    def smallest(self, values: np.ndarray) -> np.ndarray:
        """The smallest value over the patches of each cell, (column,) to (cell,); infinity without columns."""
        out = np.full(self.cells, np.inf)
        np.minimum.at(out, self.cell, np.where(self.fraction > 0.0, values, np.inf))
        return out

    def observation_weights(self, ssm_patches: str) -> np.ndarray:
        """Weights of each column in the SSM and the LAI equivalent (§2.2), (2, column).

        LAI weighs vegetated patches only, without renormalising (the others count as LAI 0). With `crops_and_grass`
        the SSM fractions of patches 7 to 12 are renormalised to one; cells without them have weight 0.
        """
        lai = np.where(self.vegetated, self.fraction, 0.0)
        if ssm_patches == "all":
            return np.stack([self.fraction, lai])
        herbs = np.where(np.isin(self.patch, CROPS_AND_GRASS), self.fraction, 0.0)
        total = self.sum_patches(herbs)[self.cell]
        return np.stack([np.divide(herbs, total, out=np.zeros_like(herbs), where=total > 0.0), lai])
