"""KPIs: named definitions as data, and the kinds that turn sums into numbers."""
