"""Words as recipes: "white background, soft shadow, twice as large" is read by a closed grammar, without a model."""
