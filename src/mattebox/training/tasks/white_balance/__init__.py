"""Fitting of the learned illuminant estimator."""
