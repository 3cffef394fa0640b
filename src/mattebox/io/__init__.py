"""The doors: photographs come in through `read.read`, results go out through `write.write`. The only room that knows
picture libraries, which load when first used.
"""
