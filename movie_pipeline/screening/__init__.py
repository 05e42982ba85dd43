"""Where intake and rules meet: a batch staged, judged, split and published, before anything loads.

The verdict policy and the form of a quarantined record stand here. No Dagster; what a rule means is
quality/'s, what a cell means is intake/'s, and what loads is loading/'s affair.
"""
