"""Templates of the published catalogues: intake, STAC and the landing page. `ldas.products.catalogs` fills them."""
