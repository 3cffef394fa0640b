"""The learned refiner: synthetic mattes, scenes, the network, its training and export."""
