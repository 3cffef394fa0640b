"""The rooms where a photograph is made better: size, noise, light, colour."""
