"""The HTTP window: an API of our own, one that speaks remove.bg's, and a page. `mattebox serve` opens it."""
