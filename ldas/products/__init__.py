"""Layers, climatology, anomalies and their publication."""
