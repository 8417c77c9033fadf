"""Logs of attempts: JSON lines that are masked before they are written, bounded, and readable while they
grow.
"""
