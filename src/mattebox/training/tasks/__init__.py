"""Training tasks, one package each: cutout, restore, edges, style, white_balance."""
