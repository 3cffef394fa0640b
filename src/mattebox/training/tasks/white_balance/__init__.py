"""Fitting of the white-balance estimator."""
