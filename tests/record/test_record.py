"""What goes into a record comes out to the last bit, one whole cycle at a time, or not at all."""

from dataclasses import replace
from datetime import timedelta

import icechunk
import numpy as np
import pytest
import zarr

from ldas.assimilation.moments import PairMoments
from ldas.assimilation.rescaling import RescalingParameters
from ldas.config import RecordSettings
from ldas.errors import CommitConflict, RecordError
from ldas.record import Record
from ldas.record.storage import open_storage
from ldas.variables import variables
from tests.record.small import (
    CONFIGURATION,
    START,
    advance,
    make_domain,
    make_maps,
    make_result,
    make_state,
    new_record,
)


def test_initial_state_returns_to_the_last_bit(settings: RecordSettings) -> None:
    domain = make_domain()
    record = new_record(settings)
    snapshot = Record.open(settings, CONFIGURATION).load()
    expected = make_state(domain, 1000)
    assert snapshot.analysis.equals(expected)
    assert snapshot.open_loop.equals(expected)
    assert (snapshot.time, snapshot.cycles) == (START, 0)
    assert snapshot.id == record.tip
    assert (snapshot.days_since == -1).all()
    assert snapshot.rescaling.version == "none"
    for name, values in vars(PairMoments.empty(domain.grid.size)).items():
        np.testing.assert_array_equal(getattr(snapshot.moments, name), values)


def test_grid_columns_and_parameters_return_to_the_last_bit(settings: RecordSettings) -> None:
    domain = make_domain()
    new_record(settings)
    found = Record.open(settings).domain
    assert found.grid == domain.grid
    for name in ("cell", "patch", "fraction"):
        np.testing.assert_array_equal(getattr(found.columns, name), getattr(domain.columns, name))
    for name, values in domain.parameters.as_dict().items():
        np.testing.assert_array_equal(getattr(found.parameters, name), values)
        assert getattr(found.parameters, name).dtype == values.dtype
    np.testing.assert_array_equal(found.maps["clay"], domain.maps["clay"])


def test_a_cycle_returns_whole(settings: RecordSettings) -> None:
    record = new_record(settings)
    first = make_result(record, record.load())
    record.commit(first)
    second = make_result(record, record.load())
    record.commit(second)
    snapshot = Record.open(settings).load()
    assert snapshot.analysis.equals(second.analysis)
    assert snapshot.open_loop.equals(second.open_loop)
    np.testing.assert_array_equal(snapshot.moments.mean_observed, second.moments.mean_observed)
    np.testing.assert_array_equal(snapshot.moments.years, second.moments.years)
    np.testing.assert_array_equal(snapshot.days_since[0], second.maps["days_since_ssm"].reshape(-1))
    analysis, diagnostics = record.open_analysis(), record.open_diagnostics()
    for index, result in enumerate((first, second)):
        for name in variables("analysis"):
            np.testing.assert_array_equal(analysis[name][index], result.maps[name])
        for name in variables("diagnostic"):
            np.testing.assert_array_equal(diagnostics[name][index], result.maps[name])
    assert list(analysis.time.values.astype("datetime64[h]")) == [
        np.datetime64("2026-01-02T18"),
        np.datetime64("2026-01-03T18"),
    ]
    assert [entry.time for entry in record.cycles()] == [first.time, second.time]
    assert record.cycles()[1] == second.provenance
    np.testing.assert_array_equal(record.consistency(), np.stack([first.consistency, second.consistency]))


def test_analysis_group_holds_exactly_the_rows_of_the_variable_table(settings: RecordSettings) -> None:
    record = new_record(settings)
    advance(record, 1)
    analysis = record.open_analysis()
    assert set(analysis.data_vars) == variables("analysis").keys() | {"depth_bnds"}
    for name, row in variables("analysis").items():
        assert analysis[name].dims == row.dims
        assert analysis[name].dtype == row.dtype
        assert analysis[name].attrs["units"] == row.units
    assert analysis["depth_bnds"].values[-1].tolist() == [8.0, 12.0]


def test_a_reader_keeps_its_snapshot_while_cycles_are_added(settings: RecordSettings) -> None:
    record = new_record(settings)
    advance(record, 1)
    before = record.open_analysis()
    first = before["wg"].values
    advance(record, 2)
    np.testing.assert_array_equal(before["wg"].values, first)
    assert record.open_analysis().sizes["time"] == 3


def test_rescaling_parameters_are_replaced_only_when_given(settings: RecordSettings) -> None:
    record = new_record(settings)
    fitted = replace(record.load().rescaling, version="1", identity="abc", slope=np.full((36, 6), 1.5))
    record.commit(replace(make_result(record, record.load()), rescaling=fitted))
    advance(record, 1)
    found = record.load().rescaling
    assert (found.version, found.identity) == ("1", "abc")
    assert (found.slope == 1.5).all()


def test_a_record_may_begin_with_rescaling_parameters(settings: RecordSettings) -> None:
    domain = make_domain()
    none = RescalingParameters.none(domain.grid.size)
    fitted = replace(none, version="20170531", identity="elsewhere", slope=np.full((36, domain.grid.size), 1.5))
    record = Record.create(settings, domain, START, make_state(domain, 1000), CONFIGURATION, fitted)
    found = record.load().rescaling
    assert (found.version, found.identity) == ("20170531", record.identity["configuration"])
    assert (found.slope == 1.5).all()


def test_a_cycle_out_of_order_is_refused(settings: RecordSettings) -> None:
    record = new_record(settings)
    result = make_result(record, record.load())
    with pytest.raises(RecordError, match="must end one day later, got 2026-01-03 18 UTC"):
        record.commit(replace(result, time=result.time + timedelta(days=1)))
    assert record.load().cycles == 0


def test_a_cycle_made_from_an_old_commit_is_refused(settings: RecordSettings) -> None:
    record, other = new_record(settings), Record.open(settings)
    parent = record.load()
    record.commit(make_result(record, parent))
    with pytest.raises(CommitConflict, match="another process committed first; this one has written nothing"):
        other.commit(make_result(other, parent))
    assert other.load().cycles == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda maps: {name: maps[name] for name in maps if name != "lai"}, "the cycle misses lai"),
        (lambda maps: maps | {"new": maps["lai"]}, "the cycle has unknown new"),
        (lambda maps: maps | {"lai": maps["lai"].T}, r"lai has shape \(3, 2\), expected \(2, 3\)"),
    ],
)
def test_an_incomplete_cycle_writes_nothing(settings: RecordSettings, change: object, message: str) -> None:
    record = new_record(settings)
    result = make_result(record, record.load())
    with pytest.raises(RecordError, match=message):
        record.commit(replace(result, maps=change(dict(make_maps(0)))))  # type: ignore[operator]
    assert len(list(record.history())) == 1


def test_a_state_that_is_not_finite_is_never_stored(settings: RecordSettings) -> None:
    record = new_record(settings)
    result = make_result(record, record.load())
    result.analysis.wg[3, 2] = np.nan
    with pytest.raises(RecordError, match="state wg holds 1 values not finite"):
        record.commit(result)
    assert record.load().cycles == 0


@pytest.mark.parametrize(
    ("drift", "message"),
    [
        (lambda root: root["analysis/lai"].resize((5, 2, 3)), r"analysis/lai has shape \(5, 2, 3\)"),
        (lambda root: root.create_array("analysis/extra", shape=(1,), dtype="f4"), "analysis/extra is in the record"),
        (lambda root: root.store_path and root.__delitem__("analysis/lai"), "analysis/lai of this version's layout"),
    ],
)
def test_a_drifted_layout_is_refused_before_any_write(settings: RecordSettings, drift: object, message: str) -> None:
    record = new_record(settings)
    repository = icechunk.Repository.open(open_storage(settings))
    session = repository.writable_session("main")
    drift(zarr.open_group(session.store, mode="r+"))  # type: ignore[operator]
    session.commit("drift")
    tip = record.tip
    with pytest.raises(RecordError, match=message):
        advance(record, 1)
    assert record.tip == tip


def test_a_changed_setting_is_named(settings: RecordSettings) -> None:
    new_record(settings)
    with pytest.raises(RecordError, match=r"time_step is 600.0 in the profile but the record was made with 300.0"):
        Record.open(settings, CONFIGURATION | {"model.time_step": 600.0})


def test_a_changed_parameter_in_the_store_is_an_error(settings: RecordSettings) -> None:
    new_record(settings)
    session = icechunk.Repository.open(open_storage(settings)).writable_session("main")
    zarr.open_group(session.store, mode="r+")["grid/parameters/w_sat"][0, 0] = 0.9  # type: ignore[index]
    session.commit("tampered")
    with pytest.raises(RecordError, match="the parameters are not those the record was made with"):
        Record.open(settings).load()


def test_a_record_is_not_made_twice(settings: RecordSettings) -> None:
    new_record(settings)
    with pytest.raises(RecordError, match="holds a record already"):
        new_record(settings)


def test_no_record_says_what_to_do(settings: RecordSettings) -> None:
    with pytest.raises(RecordError, match="there is no record; make it with `ldas init`"):
        Record.open(settings)


def test_an_interrupted_creation_can_be_repeated(settings: RecordSettings) -> None:
    icechunk.Repository.create(open_storage(settings))
    with pytest.raises(RecordError, match="creation of this record was interrupted"):
        Record.open(settings)
    assert new_record(settings).load().cycles == 0


def test_spin_up_replaces_states_before_the_first_cycle_only(settings: RecordSettings) -> None:
    record = new_record(settings)
    spun = make_state(record.domain, 5)
    record.commit_spinup(record.tip, spun, {"year": 2025, "passes": 3}, {"lai": np.arange(6.0)})
    assert record.load().open_loop.equals(spun)
    progress, maps = record.spinup()
    assert progress == {"year": 2025, "passes": 3}
    assert maps["lai"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    advance(record, 1)
    with pytest.raises(RecordError, match="a spin-up belongs before the first cycle"):
        record.commit_spinup(record.tip, spun, {}, {})
