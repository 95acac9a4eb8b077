"""Is this model good enough to serve? Metrics beside baselines, a report and the blessing."""
