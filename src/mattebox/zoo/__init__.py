"""The cellar: models as data (cards), their verified weights, and sessions that run them."""
