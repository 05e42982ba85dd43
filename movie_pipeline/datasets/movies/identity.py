"""Which movie a row is about, where the file has no id for it: told by its title and its year."""

from movie_pipeline.tabular import DerivedKey, KeyPart

MOVIE_KEY = DerivedKey(
    prefix="m",
    parts=(KeyPart("movie_title", folded=True), KeyPart("release_year")),
    described="title and year",
    needs="a title",
)
