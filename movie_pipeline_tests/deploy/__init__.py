"""The templates and the container files under deploy/."""
