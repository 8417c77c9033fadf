"""Benchmarks: every figure that README and docs name is printed by one of these. `make bench` runs them."""
