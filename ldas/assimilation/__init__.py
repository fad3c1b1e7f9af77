"""The analysis: control vector, errors, Jacobian, SEKF, rescaling, quality control, diagnostics.

Pure functions on arrays in the notation of the method document; no I/O, no dates of products, no storage.
"""
