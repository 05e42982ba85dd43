"""A file with ten kinds of faults, as a spreadsheet of a German office would save it.

Values only: who judges it stands in the tests.
"""

HEADER = "Series_Title;Released_Year;IMDB_Rating;No_of_Votes;Runtime;Genre"
RULES = """Rules = [
    ColumnValues "imdb_rating" between 7.5 and 10.0,
    IsUnique "movie_id",
    IsComplete "genre",
    ColumnLength "genre" < 30
]"""

LINES = (
    "Bericht vom 1. März;;;;;",
    HEADER,
    "Über den Dächern;1955;8,1;1000;106 min;Krimi",
    "Das Jahr;neunzehn;8,2;1000;90 min;Drama",  # a year that is no number
    "Zu alt;1780;8,2;1000;90 min;Drama",  # a year out of bounds
    ";1990;8,2;1000;90 min;Drama",  # no title
    "Schlecht;1991;6,1;1000;90 min;Drama",  # fails a rule about values
    '"Zwei\nZeilen";1992;8,3;viele;90 min;Drama',  # over two lines; votes that are no number
    "Doppelt;1993;8,4;1000;90 min;Drama",  # a key twice
    "Ohne Genre;1994;8,4;1000;90 min;",  # an empty cell
    "Doppelt;1993;8,5;1000;90 min;Komödie",
    "=1+1;1995;9,9;1000;90 min;Ein Genre das viel zu lang für die Regel ist",  # too long; a formula
    "Zu wenige;1996;8,5;1000",  # too few cells
    "Zu viele;1997;8,5;1000;90 min;Drama;noch eine",  # too many
    '"Stray" quote;1998;8,5;1000;90 min;Drama',  # no cell at all
    "Gut;1999;8,6;1000;90 min;Drama",
)
TEN_FAULTS = "\r\n".join([*LINES, ""]).encode("cp1252")
"""Semicolons, Windows-1252, decimal commas, a line before the header, one record over two lines."""
