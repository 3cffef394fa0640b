"""Shops: pictures of products out of a shop's interface and, made better, back into it, with a ledger to undo it."""
