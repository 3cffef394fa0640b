"""Over many: what is to be done, by how many at a time, what was done, and what to look at afterwards."""
