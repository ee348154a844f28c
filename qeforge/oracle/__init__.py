"""Observations to assertions; what wavers is dropped; the smallest suite that keeps everything."""
