"""A batch staged, judged, split and published: the verdict policy and the quarantined record."""
