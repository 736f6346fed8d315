"""Polso takes the pulse of a customer-care service."""

from __future__ import annotations

__version__ = "0.1.0"
