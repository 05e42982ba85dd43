"""The Dagster side without the job: queue, sensors, automation, check results, pictures."""
