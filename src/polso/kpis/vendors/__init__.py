"""Vendors' readings of the KPIs: a file a vendor, a table a KPI, and in it what that vendor reckons otherwise."""
