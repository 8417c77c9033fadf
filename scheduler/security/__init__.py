"""Secrets of the installation, encryption at rest, tokens. Knows neither database nor page."""
