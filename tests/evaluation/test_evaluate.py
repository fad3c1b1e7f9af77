"""A whole evaluation on series whose errors are known: tables, maps, figures, report and command."""

import base64
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from ldas.errors import InputError
from ldas.evaluation.evaluate import evaluate
from ldas.evaluation.experiments import Experiments, gather_experiments
from ldas.evaluation.ismn_reader import read_archive
from ldas.evaluation.maps import month_changes, observation_agreement, relation, years_with
from ldas.evaluation.published import compare
from ldas.evaluation.report import write_report
from ldas.evaluation.stations import collocate, contrast_scores, contrasts, gain_classes, score_pairs, station_pairs
from tests.evaluation.conftest import LAT, ORIGIN, TIMES, analysis_rows, station

NO_SCORES = pd.DataFrame(
    columns=["network", "station", "latitude", "longitude", "variable", "evaluated", "reference", "season", "hour"]
).assign(n=0, r=0.0, ubrmsd=0.0, rmsd=0.0, bias=0.0, p_value=0.0)


def test_layers_are_taken_by_their_depth(experiments: Experiments) -> None:
    rows = analysis_rows(0.9)
    np.testing.assert_array_equal(experiments.series["SSM"]["wg5"], rows["wg"].sel(depth=0.30))
    np.testing.assert_array_equal(experiments.open_loop["wg2"], rows["wg_ol"].sel(depth=0.025))
    assert experiments.analyses == ["SSM", "SSM_LAI"]


def test_published_layers_do_as_well(experiments: Experiments) -> None:
    rows = analysis_rows(0.9)
    layers = xr.Dataset({"lai": rows["lai"], "lai_ol": rows["lai_ol"]})
    for suffix in ("", "_ol"):
        layers[f"ssm{suffix}"] = rows[f"wg{suffix}"].sel(depth=0.025, drop=True)
        layers[f"rzsm_wg5{suffix}"] = rows[f"wg{suffix}"].sel(depth=0.30, drop=True)
    found = gather_experiments({"SSM": layers}, ORIGIN)
    xr.testing.assert_equal(found.series["SSM"], experiments.series["SSM"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.drop_vars("wg_ol"), "expected wg_ol or ssm_ol"),
        (lambda rows: rows.drop_vars("lai"), "expected lai in"),
        (lambda rows: rows.isel(lat=slice(0, 4)), "on other cells"),
        (lambda rows: rows.assign_coords(time=rows["time"] + np.timedelta64(3600, "D")), "no time in common"),
    ],
)
def test_experiments_that_do_not_fit_are_refused(change, message: str) -> None:
    rows = analysis_rows(0.5)
    with pytest.raises(InputError, match=message):
        gather_experiments({"SSM": change(rows), "LAI": rows}, ORIGIN)


def test_stations_fall_into_their_cell_or_are_named(experiments: Experiments) -> None:
    inside = station(3, 2, east=0.004)
    sites, outside = collocate(
        [inside, station(0, 0, "sea"), replace(inside, station="far", latitude=45.0)], experiments
    )
    assert [(site.row, site.col) for site in sites] == [(3, 2)]
    assert sites[0].distance == pytest.approx(111.195 * 0.004 * np.cos(np.radians(LAT[3])), rel=1e-6)
    assert outside == ["NET/sea", "NET/far"]


def test_scores_at_a_station_are_those_of_the_known_errors(experiments: Experiments) -> None:
    (site,), _ = collocate([station(3, 2)], experiments)
    table = pd.DataFrame(score_pairs(station_pairs(site, experiments, "wg2"), site, "wg2"))
    overall = table[(table["season"] == "all") & (table["reference"] == "in situ")].set_index("evaluated")
    assert overall.loc["OL", "n"] == len(TIMES) and set(table["hour"]) == {18}
    assert overall.loc["OL", "bias"] == pytest.approx(0.05, abs=0.005)
    assert overall.loc["SSM_LAI", "rmsd"] == pytest.approx(0.5 * overall.loc["OL", "rmsd"], rel=1e-9)
    assert overall.loc["SSM_LAI", "n_rmsd"] == pytest.approx(-50.0)
    assert overall.loc["SSM_LAI", "nic_r"] > overall.loc["SSM", "nic_r"] > 0.0
    assert overall.loc["S1", "ubrmsd"] == pytest.approx(0.03, rel=0.2)
    # the product before rescaling is half of it plus 0.02: the same R, another RMSD
    assert overall.loc["S1 raw", "r"] == pytest.approx(overall.loc["S1", "r"])
    assert overall.loc["S1 raw", "rmsd"] > 2.0 * overall.loc["S1", "rmsd"]
    seasons = table[(table["evaluated"] == "OL") & (table["season"] != "all")]
    assert int(seasons["n"].sum()) == len(TIMES)
    assert ((table["evaluated"] == "S1") & (table["reference"] == "OL")).sum() == 5


def test_gains_are_counted_by_class() -> None:
    table = pd.DataFrame(
        {
            "season": "all",
            "reference": "in situ",
            "evaluated": "SSM",
            "nic_r": [5.0, 3.0, -4.0, np.nan],
            "n_rmsd": [-10.0, 2.0, 8.0, -3.5],
        }
    )
    found = gain_classes(table).set_index("score")
    assert found.loc["nic_r", ["better", "neutral", "worse"]].tolist() == [1, 1, 1]
    assert found.loc["n_rmsd", ["better", "neutral", "worse"]].tolist() == [2, 1, 1]


def test_frozen_pairs_do_not_count(experiments: Experiments) -> None:
    (site,), _ = collocate([station(3, 2)], experiments)
    hours = site.station.values.index
    cold = pd.Series(np.where(pd.DatetimeIndex(hours).month <= 2, 1.0, 15.0), index=hours)
    frost = replace(site.station, variable="soil_temperature", values=cold)
    pairs = station_pairs(site, experiments, "wg2", frost)
    assert pairs["in situ"].isna().sum() == 2 * (31 + 28)


def test_monthly_contrasts_see_the_drier_year(experiments: Experiments) -> None:
    sites, _ = collocate([station(3, 2, depth=0.3), station(5, 4, "Vezenobres", 0.3)], experiments)
    table = contrasts(sites, experiments, 2018)
    assert len(table) == 2 * 12 * 3 and (table["reference"] < 0.1).all()
    summary = contrast_scores(table).set_index(["experiment", "year"])
    assert summary.loc[("SSM_LAI", 0), "rmsd"] < summary.loc[("OL", 0), "rmsd"]
    assert summary.loc[("OL", 2019), "n"] == 24


def test_maps_follow_their_definitions(experiments: Experiments) -> None:
    assert years_with(experiments, 7) == [2018, 2019]
    maps = month_changes(experiments, 2018, 2019, 7)
    july = {year: (TIMES.year == year) & (TIMES.month == 7) for year in (2018, 2019)}
    for name in ("SSM", "SSM_LAI"):
        difference = (experiments.series[name]["wg5"] - experiments.open_loop["wg5"]).values
        expected = difference[july[2019]].mean(axis=0) - difference[july[2018]].mean(axis=0)
        np.testing.assert_allclose(maps[f"evolution_wg5_{name}"], expected, atol=1e-12)
        # the synthetic analysis lowers LAI by 3 where it adds 1 of soil moisture
        assert relation(maps, name) == pytest.approx(-1.0)
    np.testing.assert_allclose(maps["evolution_wg5_SSM"], maps["change_wg5_SSM"] - maps["change_wg5_OL"], atol=1e-12)
    assert np.isnan(maps["change_wg5_OL"][0, 0])


def test_the_analysis_agrees_better_with_the_observations(experiments: Experiments) -> None:
    maps = observation_agreement(experiments)
    land = np.isfinite(maps["r_OL"].values)
    assert land.sum() == 47 and (maps["n"].values[land] >= 30).all()
    assert (maps["r_SSM_LAI"].values[land] > 0).all() and (maps["ubrmsd_SSM_LAI"].values[land] < 0).all()
    assert (maps["r_SSM_LAI"].values[land] > maps["r_SSM"].values[land]).all()
    raw = observation_agreement(experiments, "ssm_retrieved")
    np.testing.assert_allclose(raw["r_OL"].values[land], maps["r_OL"].values[land])
    assert (raw["ubrmsd_OL"].values[land] != maps["ubrmsd_OL"].values[land]).all()


def test_the_papers_satellite_stands_beside_ours_before_rescaling(experiments: Experiments) -> None:
    sites = [station(3, 2, "La_Grand-Combe"), station(5, 4, "Vezenobres")]
    inside, _ = collocate(sites, experiments)
    rows = [row for site in inside for row in score_pairs(station_pairs(site, experiments, "wg2"), site, "wg2")]
    scores = pd.DataFrame(rows)
    table = compare(scores, pd.DataFrame(), xr.Dataset(), ORIGIN).set_index("quantity")
    assert set(table["our_input"]) == {ORIGIN} and table["paper_input"].str.startswith("real data").all()
    raw = scores[(scores["evaluated"] == "S1 raw") & (scores["season"] == "all") & (scores["reference"] == "in situ")]
    here = table.loc["La Grand Combe, S1 against in situ: rmsd"]
    assert (here["series"], here["paper"]) == ("S1 raw", 0.028)
    assert here["ours"] == raw.set_index("station").loc["La_Grand-Combe", "rmsd"]
    counts = table.loc["stations, OL with higher R than S1 (paper: of 26)"]
    assert (counts["paper"], counts["n"]) == (26, 2)


def test_the_camargue_is_found_where_the_cells_are() -> None:
    moved = {name: analysis_rows(part) for name, part in (("SSM", 0.9), ("SSM_LAI", 0.5))}
    moved = {name: rows.assign_coords(lat=rows["lat"] - 0.6, lon=rows["lon"] + 0.4) for name, rows in moved.items()}
    maps = observation_agreement(gather_experiments(moved, ORIGIN))
    row = (
        compare(NO_SCORES, pd.DataFrame(), maps, ORIGIN)
        .set_index("quantity")
        .loc["Camargue, joint: largest change of R"]
    )
    assert row["ours"] == float(maps["r_SSM_LAI"].max()) > 0.0
    assert row["n"] == 47


def test_the_report_is_self_contained_and_says_what_it_is(experiments: Experiments, tmp_path: Path) -> None:
    evaluation = evaluate(experiments, [station(3, 2), station(0, 0, "sea")], [station(3, 2, depth=0.3)])
    page = write_report(evaluation, tmp_path / "out")
    text = page.read_text(encoding="utf-8")
    assert text.count(ORIGIN) >= 2 and "NET/sea" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    images = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text)
    assert len(images) == len(evaluation.drawings) >= 12
    assert all(base64.b64decode(image).startswith(b"\x89PNG") for image in images)
    titles = " ".join(drawing.title for drawing in evaluation.drawings)
    for number in (
        "Figure 5",
        "Figure 6",
        "Figure 7",
        "Figure 8",
        "Figures 9 and 10",
        "Figure 11",
        "Figures 12 and 13",
    ):
        assert number in titles
    table = pd.read_csv(tmp_path / "out" / "station_scores.csv")
    assert len(table) == len(evaluation.station_scores)
    comparison = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("quantity")
    row = comparison.loc["monthly contrasts at 0.3 m, SSM_LAI: R"]
    assert row["paper"] == 0.70 and np.isfinite(row["ours"])
    assert np.isnan(comparison.loc["La Grand Combe, OL against in situ: r", "ours"])
    maps = xr.open_zarr(tmp_path / "out" / "maps.zarr", chunks=None, consolidated=False)
    assert maps.attrs["input_origin"] == ORIGIN and {"r_OL", "r_OL_raw"} <= set(maps)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "comparison.csv", "contrast_scores.csv", "contrasts.csv", "maps.zarr", "report.html", "station_scores.csv",
    ]  # fmt: skip
    assert write_report(evaluation, tmp_path / "out") == page


def test_a_short_series_says_what_it_cannot_show(tmp_path: Path) -> None:
    rows = analysis_rows(0.5).isel(time=slice(0, 40)).drop_vars(["ssm_observed", "ssm_retrieved"])
    evaluation = evaluate(gather_experiments({"SSM": rows}, ORIGIN), [])
    assert evaluation.drawings == [] and len(evaluation.notes) == 4
    text = write_report(evaluation, tmp_path).read_text(encoding="utf-8")
    for note in ("No station in the domain", "No monthly contrasts", "No year-to-year maps", "No observed surface"):
        assert note in text


def test_a_real_station_scores_an_analysis_with_a_known_error(shared_data: Path) -> None:
    archive = read_archive(shared_data / "ismn" / "sep_ceop" / "Data_seperate_files_20170810_20180809")
    fraye = next(series for series in archive.series if series.station == "fraye")
    times = pd.date_range("2018-01-01 18:00", "2019-12-31 18:00", freq="D")
    measured = fraye.values.reindex(times).to_numpy()
    cells = {"time": times, "depth": [0.025, 0.30], "lat": [44.475, 44.465], "lon": [-0.735, -0.725]}
    wet = np.broadcast_to((1.1 * measured + 0.02)[:, None, None, None], (len(times), 2, 2, 2))
    plane = ("time", "lat", "lon")
    rows = xr.Dataset(
        {
            "wg": (("time", "depth", "lat", "lon"), wet - 0.01),
            "wg_ol": (("time", "depth", "lat", "lon"), wet),
            "lai": (plane, wet[:, 0]),
            "lai_ol": (plane, wet[:, 0]),
        },
        coords=cells,
    )
    evaluation = evaluate(gather_experiments({"SSM": rows}, ORIGIN), archive.series)
    assert any("COSMOS/ARM-1" in note for note in evaluation.notes)
    overall = evaluation.station_scores.query("season == 'all'").set_index("evaluated")
    known = measured[np.isfinite(measured)]
    assert overall.loc["OL", "n"] == len(known) > 600
    assert overall.loc["OL", "r"] == pytest.approx(1.0)
    assert overall.loc["OL", "bias"] == pytest.approx(0.1 * known.mean() + 0.02)
    assert overall.loc["SSM", "bias"] == pytest.approx(0.1 * known.mean() + 0.01)
    assert overall.loc["OL", "ubrmsd"] == pytest.approx(0.1 * known.std())
