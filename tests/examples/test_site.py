"""The site example on the real Bondville files: a shortened run, all four experiments."""

import numpy as np
import pytest

from ldas.examples.site import BONDVILLE, EXPERIMENTS, run_site
from ldas.examples.site_report import plot, score_table
from ldas.forcing.bondville import read_forcing, read_observations
from ldas.model.options import ModelOptions


@pytest.mark.slow
def test_two_months_at_bondville(shared_data):
    weather = read_forcing(shared_data / "bondville/bondville_2001.dat").sel(time=slice("2001-05-20", "2001-07-20"))
    observed = read_observations(shared_data / "bondville/Bondville_obs_2001.dat")
    series = run_site(BONDVILLE, weather, observed, ModelOptions(), spinup_passes=0)
    assert tuple(series["experiment"].values) == EXPERIMENTS
    assert float(series["lai_used"].sel(experiment="LAI").sum()) >= 5
    assert float(series["ssm_used"].sel(experiment="LAI").sum()) == 0
    assert float(series["ssm_used"].sel(experiment="OL").sum()) == 0
    assert np.isfinite(series["lai"]).all()

    table = score_table(series).set_index(["quantity", "experiment"])
    assert table.loc[("LAI", "LAI"), "RMSD"] < table.loc[("LAI", "OL"), "RMSD"]
    kept = table.loc[("LAI", "OL"), "N"]
    assert kept < np.isfinite(series["observed_lai"]).sum(), "days offered to the filter do not judge it"
    assert len(plot(series).axes) == 3
