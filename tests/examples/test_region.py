"""The region example on the real granules of June 2017: what the catalogue says, and a run of the command."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from ldas.config import load_profile
from ldas.errors import InputError
from ldas.examples.region import LABEL
from ldas.examples.region_report import rejections
from ldas.examples.scenes import find_scenes, make_item
from ldas.record import Record

LDAS = Path(sys.executable).parent / "ldas"
BOX = ("2.30", "43.55", "2.44", "43.68")
DAYS = ("20170601", "20170602", "20170603")


def test_items_describe_the_producers_files(shared_data: Path) -> None:
    scenes = find_scenes(shared_data / "clms_ssm")
    assert [scene.nominal for scene in scenes] == [date(2017, 6, day) for day in (1, 2, 3)]
    item = make_item(scenes[0])
    assert item["id"] == "c_gls_SSM1km_201706010000_CEURO_S1CSAR_V1.1.1_nc"
    # the file is a cut: its attributes still say 35-72 N, its coordinates do not
    assert item["bbox"] == pytest.approx([-1.0, 41.0, 3.0, 45.0], abs=0.01)
    assert item["assets"]["ssm1km"]["file:size"] == scenes[0].path.stat().st_size


def test_a_folder_without_granules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected soil moisture granules named like c_gls_SSM1km"):
        find_scenes(tmp_path)


@pytest.mark.slow
def test_the_command_says_it_in_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(LDAS), "region", str(tmp_path), "--output", str(tmp_path / "out")], capture_output=True, text=True
    )
    assert done.returncode == InputError.exit_code
    assert len(done.stderr.splitlines()) == 1 and "expected soil moisture granules" in done.stderr
    assert not (tmp_path / "out").exists()


def test_rejections_are_counted_by_reason() -> None:
    flags = np.array([[0, 64, 64 + 256, 1, -1]])
    assert rejections(flags) == "no_rescaling 2, urban 1"
    assert rejections(np.array([0, 1, -1])) == "none"


@pytest.fixture(scope="module")
def finished(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of the command on a box of 182 cells."""
    out = tmp_path_factory.mktemp("region") / "out"
    command = [str(LDAS), "region", str(shared_data / "clms_ssm"), "--box", *BOX]
    done = subprocess.run(
        [*command, "--spinup-days", "2", "--output", str(out)], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert LABEL in done.stdout
    return out


@pytest.mark.slow
@pytest.mark.server
class TestRun:
    def test_the_full_the_empty_and_the_distant_granule(self, finished: Path) -> None:
        table = pd.read_csv(finished / "days.csv")
        assert [day in granule for day, granule in zip(DAYS, table["granule"], strict=True)] == [True] * 3
        assert table["degraded"].isna().all()
        first, *others = table.to_dict("records")
        # the box of 182 cells lies inside the swath of 1 June
        assert 150 < first["offered"] <= 182
        assert 0 < first["assimilated"] < first["offered"]
        assert first["RMSD analysis"] < first["RMSD open loop"]
        assert [(row["offered"], row["assimilated"]) for row in others] == [(0, 0)] * 2

    def test_only_assimilated_cells_are_changed(self, finished: Path) -> None:
        record = Record.open(load_profile(finished / "profile.yaml").record)
        day = record.open_analysis().isel(time=0).load()
        used = day["n_ssm_obs"].values == 1
        increment = day["wg_increment"].values
        assert (increment[1][used] != 0).mean() > 0.9
        assert not np.nan_to_num(increment[:, ~used]).any()
        np.testing.assert_array_equal(day["wg"].values[:, ~used], day["wg_ol"].values[:, ~used])

    def test_everything_published_says_what_is_synthetic(self, finished: Path) -> None:
        public = finished / "store" / "public"
        published = xr.open_zarr(public / "analysis.zarr", chunks=None)
        assert LABEL in published.attrs["title"]
        assert published.attrs["forcing"].startswith("synthetic weather")
        assert published.attrs["observations"] == "ssm 1.1.1"
        assert LABEL in yaml.safe_load((public / "catalog.yaml").read_text())["metadata"]["title"]
        assert (finished / "maps.png").stat().st_size > 10_000
