"""Model cards, which describe models as data, and the registry that finds them."""
