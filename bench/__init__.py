"""Figures to compare within one run; what the README quotes comes from here."""
