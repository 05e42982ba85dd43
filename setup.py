"""Ships the top-level sql/ folder in the wheel, as movie_pipeline/sql."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["movie_pipeline", "movie_pipeline.*"]), "movie_pipeline.sql"],
    package_dir={"movie_pipeline.sql": "sql"},
    package_data={
        "movie_pipeline": [
            "py.typed",
            "**/*.dqdl",
            "**/*.toml",
            "**/*.sql",
            "**/*.jinja",
            "**/*.json",
        ],
        "movie_pipeline.sql": ["**/*.sql"],
    },
)
