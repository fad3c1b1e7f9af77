"""Readers of observations."""
