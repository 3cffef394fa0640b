"""What the server stands: many clients, kills, hostile uploads, a full disk, and the peer beside it. Run by hand."""
