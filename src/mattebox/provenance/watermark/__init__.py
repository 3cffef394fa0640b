"""An invisible watermark of 32 bits: quantisation-index modulation of low DCT frequencies, repeated in a tile.

The picture is brought to a grid of 512 pixels along its longer side, so that the mark does not depend on its size.
There it lies in tiles of 64 x 64 pixels, all alike: wherever a crop begins, the sum of all tiles holds the mark.
"""
