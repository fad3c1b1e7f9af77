"""Scores against stations and between experiments."""
