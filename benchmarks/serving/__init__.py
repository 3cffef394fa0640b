"""Load and fault tests of the server, by hand: many clients, kills, hostile uploads, a full disk, rembg's server."""
