"""Cases of known truth for every interval: one file a subject, each with its `CASES`."""
