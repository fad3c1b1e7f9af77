"""Readers of forcing."""
