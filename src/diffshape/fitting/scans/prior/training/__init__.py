"""The training of the scan prior: scans of drawn solids, the task, the score on scans that were held out."""
