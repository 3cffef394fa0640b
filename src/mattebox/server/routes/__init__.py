"""The HTTP routes: our own API (v1), jobs, the remove.bg API, and operations (health, metrics, page files)."""
