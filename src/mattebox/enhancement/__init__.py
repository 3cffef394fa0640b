"""Photo enhancement: white balance, tone, colour, style, restoration, upscaling and sharpening."""
