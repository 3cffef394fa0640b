"""HTTP server: the mattebox API, an API compatible with remove.bg's, and a web page. `mattebox serve` starts it."""
