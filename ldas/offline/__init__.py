"""The model alone on one or many columns: a site file, ALMA forcing in, ALMA output and restart files out."""
