"""Readers of physiography."""
