"""Surface state flags from a catalogue to the analysis: frozen cells lose their SSM, and nothing else changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ldas.assimilation.quality_control import Flag
from ldas.assimilation.rescaling import Method, RescalingParameters
from ldas.config import Profile
from ldas.cycle import Service, make_cycle, open_service
from ldas.initial import initialise
from ldas.observations import GranuleRef
from ldas.observations.settings import ObservationSettings, ProductSettings
from ldas.record import CycleResult
from ldas.replay import late_since
from tests.cycle.world import day
from tests.observations.granule_files import (
    COLS,
    ROWS,
    SSF_COLLECTION,
    SSM_NAME,
    item,
    serve_catalogue,
    ssf_item,
    ssm_axes,
    write_ssf,
    write_ssm,
)
from tests.servers import ScriptedServer

pytestmark = pytest.mark.server

PRODUCT = ProductSettings(
    reader="surface_state", collection=SSF_COLLECTION, assets={"ssf": "swi1km_ssf"}, search_margin_days=2
)
NOMINAL = day(1).date()


def serve(server: ScriptedServer, folder: Path, state: str = "") -> None:
    """SSM of 50 % everywhere on the first day; with `state` an address of the surface state of the same day."""
    ssm = item(f"{SSM_NAME.replace('20260510', f'{NOMINAL:%Y%m%d}')}_cog", write_ssm(folder).as_uri())
    serve_catalogue(server, [ssm, *([ssf_item(NOMINAL, state)] if state else [])])


def frozen_east(folder: Path) -> str:
    """Frozen pixels in the eastern cells only, at least 39 % of each."""
    _, lon = ssm_axes()
    return write_ssf(folder, np.tile(np.where(lon > 4.117, 1, 0), (ROWS, 1))).as_uri()


@pytest.fixture
def made(profile: Profile, scripted_server: ScriptedServer) -> Profile:
    """A record on a profile that asks the scripted catalogue for SSM alone."""
    given = ObservationSettings(stac_url=scripted_server.url, lai=None, retries=0)
    profile = profile.model_copy(update={"observations": given})
    initialise(profile)
    return profile


def asking(profile: Profile) -> Service:
    """The service of the profile, surface state switched on."""
    service = open_service(profile)
    given = profile.observations.model_copy(update={"surface_state": PRODUCT})
    return replace(service, profile=profile.model_copy(update={"observations": given}))


def cycle(service: Service) -> CycleResult:
    """The first window, with a rescaling that leaves SSM as it is."""
    snapshot = service.record.load()
    none = snapshot.rescaling
    shape = none.slope.shape
    identity = RescalingParameters(
        **{
            **vars(none),
            "identity": service.record.identity["configuration"],
            "method": np.full(shape, Method.OWN_SEASON, np.int8),
            "slope": np.ones(shape),
            "intercept": np.zeros(shape),
        }
    )
    return make_cycle(service, replace(snapshot, rescaling=identity))


def test_frozen_cells_lose_their_ssm(made: Profile, scripted_server: ScriptedServer, tmp_path: Path) -> None:
    serve(scripted_server, tmp_path, frozen_east(tmp_path))
    without, result = cycle(open_service(made)), cycle(asking(made))
    assert [without.provenance.summary[name] for name in ("ssm_used", "ssm_offered", "ssm_frozen")] == [4, 4, 0]
    assert [result.provenance.summary[name] for name in ("ssm_used", "ssm_offered", "ssm_frozen")] == [2, 4, 2]
    np.testing.assert_array_equal(result.maps["n_ssm_obs"].astype(int), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(result.maps["ssm_flags"], np.array([[0, Flag.FROZEN]] * 2))
    assert result.moments.n.sum() == 2 and without.moments.n.sum() == 4, "frozen pairs never train the rescaling"
    assert [(used["product"], used["version"]) for used in result.provenance.observations] == [
        ("ssm", "1.2.1"),
        ("surface_state", "2.1.1"),
    ]
    assert result.provenance.degraded == []
    for ours, theirs in ((result.maps[name], without.maps[name]) for name in ("wg", "lai")):
        np.testing.assert_array_equal(ours[..., 0], theirs[..., 0])


def test_unfrozen_unknown_or_absent_flags_change_nothing(
    made: Profile, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    serve(scripted_server, tmp_path)
    expected = cycle(open_service(made))
    for state in ("", write_ssf(tmp_path, np.tile(np.where(np.arange(COLS) % 2, 0, 255), (ROWS, 1))).as_uri()):
        serve(scripted_server, tmp_path, state)
        result = cycle(asking(made))
        assert result.analysis.equals(expected.analysis) and result.provenance.degraded == []


def test_flags_that_cannot_be_had_degrade_the_cycle_and_ssm_is_used(
    made: Profile, scripted_server: ScriptedServer, tmp_path: Path
) -> None:
    serve(scripted_server, tmp_path, f"{scripted_server.url}/lost.tiff")
    result = cycle(asking(made))
    assert result.provenance.summary["ssm_used"] == 4
    (sentence,) = result.provenance.degraded
    assert sentence.startswith("surface_state: ") and "not there" in sentence


@pytest.mark.parametrize(("look_back", "late"), [(10, True), (0, False)])
def test_flags_that_come_later_are_late_data(
    after_finished: Profile, monkeypatch: pytest.MonkeyPatch, look_back: int, late: bool
) -> None:
    window = after_finished.window.model_copy(update={"surface_state_look_back_days": look_back})
    service = open_service(after_finished.model_copy(update={"window": window}))
    listed = [GranuleRef("swi", "surface_state", day(3).date(), (2, 1, 1), 0, {})]
    monkeypatch.setattr("ldas.replay.available", lambda *_: listed)
    assert late_since(service) == (day(3) if late else None)
