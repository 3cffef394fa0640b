"""Worker processes that decode and process one picture at a time, and the pool that supervises them."""
