"""The composition room: what stands behind and around the subject."""
