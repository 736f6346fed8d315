"""Questions: understood, planned into shared scans, answered."""
