"""How far hypothesis searches: a few large logs in every run, many under `-m slow`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# One fold costs more than a thousand more rows in it, so an example is a log of many tickets.
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
few = settings(max_examples=4, suppress_health_check=QUIET)
rare = settings(max_examples=2, suppress_health_check=QUIET)
many = settings(max_examples=150, suppress_health_check=QUIET)
