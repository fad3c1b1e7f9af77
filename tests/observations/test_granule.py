"""Item ids of the real products say date, version, revision and variant."""

from datetime import date

import pytest

from ldas.errors import InputError
from ldas.observations.granule import FINAL_REVISION, parse_id


@pytest.mark.parametrize(
    ("item_id", "product", "nominal", "version", "revision", "variant"),
    [
        ("c_gls_SSM1km_201706030000_CEURO_S1CSAR_V1.1.1_cog", "ssm", date(2017, 6, 3), (1, 1, 1), 0, "cog"),
        ("c_gls_SSM1km_202602010000_CEURO_S1CSAR_V1.2.1_nc", "ssm", date(2026, 2, 1), (1, 2, 1), 0, "nc"),
        ("c_gls_LAI300-RT6_202601310000_GLOBE_OLCI_V2.0.1_cog", "lai", date(2026, 1, 31), (2, 0, 1), 6, "cog"),
        ("c_gls_LAI300_201402200000_GLOBE_PROBAV_V1.0.1", "lai", date(2014, 2, 20), (1, 0, 1), FINAL_REVISION, ""),
        ("c_gls_LAI_201006100000_GLOBE_VGT_V2.0.1", "lai", date(2010, 6, 10), (2, 0, 1), FINAL_REVISION, ""),
    ],
)
def test_ids_of_the_document(item_id, product, nominal, version, revision, variant):
    parsed = parse_id(item_id, product)
    assert (parsed.nominal, parsed.version, parsed.revision, parsed.variant) == (nominal, version, revision, variant)


@pytest.mark.parametrize("item_id", ["scene-1", "c_gls_SSM1km_201713450000_CEURO_S1CSAR_V1.1.1", ""])
def test_an_id_of_another_pattern_is_refused(item_id):
    with pytest.raises(InputError, match="item"):
        parse_id(item_id, "ssm")
