"""Benchmarks: what the figures in README and docs are made with. `make bench` runs them."""
