"""A look-alike of the real movie file, invented word by word: the same header and kinds of dirt.

Rows are made in blocks of a fixed size, each from its own random stream, so that a sample of any
length is the beginning of a longer one with the same seed. Nothing real is quoted here.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from movie_pipeline.arrow import pa, pc

HEADER = (
    "Poster_Link,Series_Title,Released_Year,Certificate,Runtime,Genre,IMDB_Rating,Overview,"
    "Meta_score,Director,Star1,Star2,Star3,Star4,No_of_Votes,Gross"
)
BLOCK_ROWS = 25_000

NO_CERTIFICATE = 0.10
NO_META_SCORE = 0.16
NO_GROSS = 0.17
BAD_RATES = {
    "rating_out_of_range": 0.015,
    "title_missing": 0.010,
    "rating_unreadable": 0.008,
    "votes_unreadable": 0.008,
    "runtime_unreadable": 0.008,
    "year_unreadable": 0.001,
}
"""How often a row is spoilt, and how; a row has at most one of these faults."""
NUMBER_TITLES = 0.002
REMAKES = 0.02

_Indices = npt.NDArray[np.int64]
_Texts = Any  # pyarrow's arrays carry no types


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Alva Bram Cira Dorin Elske Fenno Gisla Hanno Ilvy Jorun Kesta Lioba Marek Nerys Ottmar "
    "Pilar Quirin Runa Selma Tamsin Ulrik Vesna Wanda Xenia Yorick Zoran Aurélie Bärbel Çelik "
    "Dóra Émeric Frøya Göran Håkon Íris Łucja Maëlle Noé Øystein Renée Søren Tomás Ursel Véra"
)
_LAST = _words(
    "Abendroth Birkholt Cordwell Dunsmark Elverson Farrowby Grindel Hollenby Istermann "
    "Jarvelund Kestrelle Lindqvarn Marlowan Nettlefold Osterby Pellinor Quennick Ravensholt "
    "Silvermoor Tarnwick Umberlain Vantorre Wetherloch Xandermeer Yellowstead Zimmerall "
    "Ashgrove Brunelli Castaldi Desroches Espinel Fjeldstad Grünewald Hråfnsson Ibáñez "
    "Jørlund"
)
_ADJECTIVES = _words(
    "Amber Bitter Broken Burning Crooked Distant Drowned Electric Faithful Fallen Forgotten "
    "Gentle Golden Hidden Hollow Idle Jealous Last Little Lonely Lost Lucky Midnight Northern "
    "Paper Patient Quiet Restless Rusted Scarlet Secret Silent Sleeping Stolen Stubborn "
    "Tender Thirsty Velvet Wandering Winter"
)
_NOUNS = _words(
    "Actor Anchor Apricot Baker Balcony Bell Bicycle Bridge Cartographer Clockmaker Comet "
    "Detective Engine Envelope Ferryman Fiddler Garden Glacier Harbour Heron Island Juggler "
    "Kettle Lantern Letter Lighthouse Locomotive Magpie Mirror Neighbour Orchard Overcoat "
    "Passenger Piano Pilot Postman Quarry Rooftop Satellite Shepherd Staircase Suitcase Thief "
    "Tailor Telegram Umbrella Violin Watchman Weaver Zeppelin"
)
_PLACES = _words(
    "Abelmoor Brackwater Caldermouth Dunhaven Eastmarch Fallowfield Greywick Highmere "
    "Ironford Juniper_Bay Kingsholt Larkspur Millbrook Northgate Oldcastle Pinecrest "
    "Quaymouth Redhill Saltmarsh Thornbury Underhill Valewater Westerly Yarrow Zephyr_Point"
)
_GENRES = [
    "Drama",
    "Comedy",
    "Crime",
    "Action",
    "Adventure",
    "Romance",
    "Thriller",
    "Mystery",
    "War",
    "Animation",
    "Fantasy",
]
_CERTIFICATES = ("U", "A", "UA", "R", "PG-13", "PG", "Passed", "G", "Approved", "TV-14")
_CERTIFICATE_SHARES = (0.26, 0.22, 0.195, 0.16, 0.05, 0.04, 0.035, 0.015, 0.015, 0.01)
_OPENINGS = (
    "In a town where nobody sleeps",
    "Twenty years after the last ferry left",
    "While the river keeps rising",
    "On the morning of her retirement",
    "When a sealed crate turns up at the station",
    "Against the advice of everyone he knows",
    "During the hottest week of the century",
    "Between two trains and one broken promise",
)
_HEROES = (
    "a stubborn clockmaker",
    "an out-of-work cartographer",
    "two sisters who share one name",
    "a night porter with a perfect memory",
    "the youngest judge of the province",
    "a café owner and her silent partner",
    "an orchestra without a conductor",
    "a retired diver",
)
_DEEDS = (
    "must find out who moved the lighthouse",
    "sets out to return a letter that was never sent",
    "agrees to one last job and regrets it at once",
    "discovers that the map is right and the land is wrong",
    "has three days to learn the violin",
    "hides a stranger from people who do not exist",
    "is mistaken for the heir of a bankrupt circus",
    "tries to save an orchard, a marriage and a goat",
)
_ENDINGS = (
    ".",
    ", only to meet an old rival.",
    ", and the winter is early.",
    ", before the bridge closes for good.",
    ', as a song called ""Home"" plays.',
    ", with nothing but a borrowed suitcase.",
)


def write_sample(target: Path | BinaryIO, *, rows: int, seed: int = 0) -> dict[str, int]:
    """Write a look-alike of the real file, in bounded memory.

    Args:
        target: a path, or an open binary file.
        rows: how many movies.
        seed: the same seed gives the same bytes.

    Returns:
        What was put in: `rows`, and of those with each fault of `BAD_RATES`, `bad` in all.
    """
    if isinstance(target, Path):
        with target.open("wb") as file:
            return write_sample(file, rows=rows, seed=seed)
    counts = Counter({"rows": rows, "bad": 0} | dict.fromkeys(BAD_RATES, 0))
    target.write(f"{HEADER}\n".encode())
    for start in range(0, rows, BLOCK_ROWS):
        block = _Block(np.random.default_rng([seed, start // BLOCK_ROWS]))
        wanted = min(BLOCK_ROWS, rows - start)
        counts.update(block.faults(wanted))
        target.write(_text_of(block.lines().slice(0, wanted)))
    return dict(counts)


def _text_of(lines: _Texts) -> memoryview:
    """The bytes of all texts of an array, one after another, without a copy."""
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


class _Block:
    """One block of rows, column by column."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        faults = list(BAD_RATES)
        shares = [*BAD_RATES.values(), 1 - sum(BAD_RATES.values())]
        self._fault_names = faults
        self._fault = self._choose(shares)

    def faults(self, rows: int) -> dict[str, int]:
        """How many of the first rows have each fault, and any."""
        counted = np.bincount(self._fault[:rows], minlength=len(self._fault_names) + 1)
        named = {name: int(counted[i]) for i, name in enumerate(self._fault_names)}
        return named | {"bad": sum(named.values())}

    def lines(self) -> _Texts:
        """The rows as CSV lines."""
        columns = (
            self._poster(),
            self._title(),
            self._spoil(self._year(), "year_unreadable", "PG"),
            self._certificate(),
            self._spoil(self._runtime(), "runtime_unreadable", "two hours"),
            self._pick(_genres()),
            self._rating(),
            self._overview(),
            self._blank(self._number(28, 101), NO_META_SCORE),
            *(self._pick(_people()) for _ in range(5)),
            self._spoil(self._votes(), "votes_unreadable", "many"),
            self._gross(),
        )
        lines = pc.binary_join_element_wise(*columns, ",")
        return pc.binary_join_element_wise(lines, "", "\n")

    def _choose(self, shares: list[float]) -> _Indices:
        bounds = np.cumsum(shares)[:-1]
        return np.searchsorted(bounds, self._random.random(BLOCK_ROWS), side="right")

    def _number(self, low: int, high: int) -> _Texts:
        return pc.cast(pa.array(self._random.integers(low, high, BLOCK_ROWS)), pa.string())

    def _pick(self, words: _Texts) -> _Texts:
        return words.take(pa.array(self._random.integers(0, len(words), BLOCK_ROWS)))

    def _blank(self, texts: _Texts, share: float) -> _Texts:
        blanks = pa.array(self._random.random(BLOCK_ROWS) < share)
        return pc.if_else(blanks, "", texts)

    def _spoil(self, texts: _Texts, fault: str, spoilt: _Texts) -> _Texts:
        hit = pa.array(self._fault == self._fault_names.index(fault))
        return pc.if_else(hit, spoilt, texts)

    def _poster(self) -> _Texts:
        parts = (self._pick(_poster_parts()) for _ in range(2))
        name = pc.binary_join_element_wise(*parts, "")
        return pc.binary_join_element_wise(
            '"https://posters.example/images/M/', name, '@._V1_UX67_CR0,0,67,98_AL_.jpg"', ""
        )

    def _title(self) -> _Texts:
        titles = self._pick(_titles())
        titles = pc.binary_join_element_wise(titles, self._pick(_title_endings()), "")
        numbers = pa.array(self._random.random(BLOCK_ROWS) < NUMBER_TITLES)
        titles = pc.if_else(numbers, self._number(2, 3000), titles)
        return self._spoil(self._remade(titles), "title_missing", "")

    def _remade(self, titles: _Texts) -> _Texts:
        """Give some rows the title of the row before: other movies of the same name."""
        source = np.arange(BLOCK_ROWS)
        again = self._random.random(BLOCK_ROWS) < REMAKES
        again[0] = False
        source[again] -= 1
        return titles.take(pa.array(source))

    def _year(self) -> _Texts:
        return self._number(1920, 2025)

    def _certificate(self) -> _Texts:
        chosen = pa.array(_CERTIFICATES).take(pa.array(self._choose(list(_CERTIFICATE_SHARES))))
        return self._blank(chosen, NO_CERTIFICATE)

    def _runtime(self) -> _Texts:
        return pc.binary_join_element_wise(self._number(45, 240), "min", " ")

    def _rating(self) -> _Texts:
        ratings = self._pick(_ratings())
        ratings = self._spoil(ratings, "rating_out_of_range", self._pick(_tenths(101, 1000)))
        return self._spoil(ratings, "rating_unreadable", "not rated")

    def _overview(self) -> _Texts:
        parts = [self._pick(pa.array(words)) for words in (_OPENINGS, _HEROES, _DEEDS)]
        text = pc.binary_join_element_wise(parts[0], parts[1], ", ")
        text = pc.binary_join_element_wise(text, parts[2], " ")
        return pc.binary_join_element_wise('"', text, self._pick(pa.array(_ENDINGS)), '"', "")

    def _votes(self) -> _Texts:
        return self._number(25_000, 2_400_000)

    def _gross(self) -> _Texts:
        millions = self._number(1, 937)
        thousands, ones = self._pick(_padded()), self._pick(_padded())
        grouped = pc.binary_join_element_wise(millions, thousands, ones, ",")
        return self._blank(pc.binary_join_element_wise('"', grouped, '"', ""), NO_GROSS)


def _joined(*words: Sequence[str], between: str = " ") -> _Texts:
    """Every combination of one word from each list."""
    texts = [""]
    for i, choices in enumerate(words):
        glue = between if i else ""
        texts = [f"{text}{glue}{choice.replace('_', ' ')}" for text in texts for choice in choices]
    return pa.array(texts)


@cache
def _people() -> _Texts:
    return _joined(_FIRST, _LAST)


@cache
def _titles() -> _Texts:
    return _joined(["A", "The", "Her", "His", "No", "One"], _ADJECTIVES, _NOUNS)


@cache
def _title_endings() -> _Texts:
    places = [place.replace("_", " ") for place in _PLACES]
    told = [f" {word} {place}" for word in ("of", "from", "in", "near") for place in places]
    subtitles = [f" - {adjective} {noun}" for adjective in _ADJECTIVES for noun in _NOUNS]
    return pa.array([*told, *subtitles])


@cache
def _ratings() -> _Texts:
    """From 7.6 to 9.3, as in the real file: the higher, the rarer."""
    return pa.array(
        [f"{tenths / 10}" for tenths in range(76, 94) for _ in range(2 ** ((94 - tenths) // 2))]
    )


@cache
def _genres() -> _Texts:
    pairs = [f'"{a}, {b}"' for a in _GENRES for b in _GENRES if a < b]
    threes = [f'"{a}, {b}, {c}"' for a in _GENRES for b in _GENRES for c in _GENRES if a < b < c]
    return pa.array([*_GENRES * 6, *pairs, *threes])


@cache
def _poster_parts() -> _Texts:
    letters = np.frombuffer(
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", np.uint8
    )
    chosen = np.random.default_rng(0).integers(0, len(letters), (4096, 20))
    return pa.array([bytes(row).decode() for row in letters[chosen]])


@cache
def _padded() -> _Texts:
    return pa.array([f"{number:03d}" for number in range(1000)])


@cache
def _tenths(low: int, high: int) -> _Texts:
    return pa.array([f"{tenths / 10:g}" for tenths in range(low, high)])
