# ruff: noqa: RUF001, E501 - letters are meant as they stand, titles in one line
"""Texts of many languages in many encodings: read rightly, or refused, and never read wrongly."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_pipeline.datasets.movies import MOVIES
from movie_pipeline.errors import UnreadableFile
from movie_pipeline.tabular import SourceOptions, inspect_file, is_declarable
from movie_pipeline.tabular.encoding_judgement import judge
from movie_pipeline.tabular.encodings import is_utf8
from movie_pipeline_tests.tabular.in_pieces import stage_in_pieces
from movie_pipeline_tests.tabular.staging import HEADER, refusal, stage

WORDS = {
    "German": "Die Brücke am Fluß|Grüße aus Köln|Das weiße Schloß|Über den Dächern|Mädchen für alles|"
    "Später Frühling|Die Höhle des Löwen|Fünf vor zwölf|Schöne Träume|Der Kühlschrank",
    "French": "Le garçon sévère|L’été à Orléans|Une étoile brûlée|Où est la forêt|Les élèves|"
    "Château sans clé|La mère fâchée|Le café du théâtre|Noël à l’hôtel|Déjà rêvé",
    "Spanish": "El niño perdido|Mañana será tarde|¿Dónde está el río?|Corazón de león|La montaña azul|"
    "Un año más|El último árbol|Pequeña canción|Jamás volverá|Años después",
    "Portuguese": "A estação fria|Coração de pão|Irmãos e irmãs|Não há manhã|O avô e a avó|"
    "Lições de inglês|A última canção|Três verões|Ilusões perdidas|O leão manso",
    "Italian": "La città è vuota|Perché no|Così è la libertà|Più lontano|Un’estate là|Qualità|"
    "L’università|Verità e bontà|Lunedì mattina|Però",
    "Swedish": "Små öar|Flickan på stranden|Själens väg|Höst i Malmö|Över ån|Två hjärtan|Nätter i Skåne|"
    "Kärlek på åkern|Trädgården|Sjömannens brev",
    "Danish": "Øen i søen|Æblet og træet|På færgen|Mød mig i København|Dæmonen|Grønne år|Blå nætter|"
    "Hjørnet|Året der gik|Smørrebrød",
    "Polish": "Żółta łódź|Księga dżungli|Świt nad Wisłą|Pieśń o miłości|Ścieżka w górę|Źródło|"
    "Dzień świętości|Wróg|Późną jesienią|Gałąź",
    "Czech": "Příběh stařičkého muže|Žlutý kůň|Tři oříšky|Děti a stíny|Růže v zimě|Válečný kříž|"
    "Čas loučení|Šťastný člověk|Světlo v lese|Nářek",
    "Hungarian": "Őszi erdő|Szőlő és tűz|Az utolsó nővér|Fényes hűség|Időtlen mező|Hősök könyve|Tükör|"
    "Gyűrű a víz alatt|Kékes köd|Felhők között",
    "Turkish": "Kış uykusu|Bir zamanlar Ankara’da|Yağmur ve güneş|Çocuğun şarkısı|Işığın sesi|"
    "Eşkıya dağda|İki yabancı|Gölge oyunu|Kırmızı çığlık|Düş ağacı",
    "Russian": "Белое солнце|Летят журавли|Зеркало реки|Тихий город|Последний поезд|Старая лампа|"
    "Утро без дождя|Девушка и море|Ночной паром|Холодное лето",
    "Ukrainian": "Тіні предків|Земля і небо|Пропала грамота|Її останній лист|Вечір на хуторі|"
    "Камінний хрест|Біла хата|Поїзд їде|Щастя|Ґанок",
    "Greek": "Το λιβάδι που δακρύζει|Η αιωνιότητα|Μια μέρα|Τοπίο στην ομίχλη|Ο θίασος|Το χαμόγελο|"
    "Λευκή νύχτα|Θάλασσα|Παλιό σπίτι|Ταξίδι",
    "Hebrew": "ספר האגדות|השועל הקטן|לילה לבן|בית על החוף|שלום לך|הגשר הישן|יום אחרון|מכתב לאמא|"
    "רוח מן הים|אור ראשון",
    "Arabic": "باب الحديد|المدينة القديمة|رسالة من البحر|شمس الصباح|بيت الجد|الطريق الطويل|ليلة باردة|"
    "أغنية الأرض|الجسر|حكاية",
    "Chinese": "春天的故事|城市之光|最后的列车|山与海|老房子|她的信|夜晚的船|冬天的桥|小镇上的人|我们的时间",
    "Japanese": "春の海|東京の夜|最後の電車|小さな家|雪の橋|手紙を書く人|夏の終わり|静かな町|猫と月|彼女の時間",
    "Korean": "봄날의 이야기|서울의 밤|마지막 기차|작은 집|눈 내리는 다리|편지를 쓰는 사람|여름의 끝|"
    "조용한 마을|달과 고양이|그녀의 시간",
}  # fmt: skip
WORDS["English"] = (
    "Pokémon|WALL·E|Café|Brüno|Alien³|Æon Flux|Château|Naïve|½ Nelson|The Artist™|Beyoncé|Rock ’n’ Roll|"
    "“Crocodile” Dundee|Se7en – Seven|Queen’s Gambit|80° North|£10|Fiancé|Señor|Léon|Þór|À nous|Été|Ø"
)
WESTERN = ("German", "French", "Spanish", "Portuguese", "Italian", "Swedish", "Danish", "English")
ENCODINGS = {
    "cp1252": WESTERN,
    "iso8859-15": WESTERN,
    "mac-roman": WESTERN,
    "cp850": WESTERN,
    "cp437": ("German", "French", "Spanish"),
    "cp1250": ("Polish", "Czech", "Hungarian"),
    "iso8859-2": ("Polish", "Czech", "Hungarian"),
    "cp852": ("Polish", "Czech", "Hungarian"),
    "cp1254": ("Turkish",),
    "cp1251": ("Russian", "Ukrainian"),
    "koi8-u": ("Russian", "Ukrainian"),
    "cp866": ("Russian",),
    "iso8859-5": ("Russian", "Ukrainian"),
    "mac-cyrillic": ("Russian", "Ukrainian"),
    "cp1253": ("Greek",),
    "iso8859-7": ("Greek",),
    "cp1255": ("Hebrew",),
    "cp1256": ("Arabic",),
    "gb18030": ("Chinese",),
    "cp932": ("Japanese",),
    "euc-jp": ("Japanese",),
    "cp949": ("Korean",),
}
ALL = [(codec, language) for codec, languages in ENCODINGS.items() for language in languages]


def cells_of(
    language: str, codec: str, most: int, chance: random.Random, *, words: bool = True
) -> list[tuple[str, bytes]]:
    """Titles and words of a language that the encoding can write, with bytes that are not UTF-8."""
    titles = WORDS[language].split("|")
    if words:
        titles = sorted({*titles, *(word for title in titles for word in title.split())})
    found: list[tuple[str, bytes]] = []
    for title in chance.sample(titles, len(titles)):
        try:
            cell = title.encode(codec)
        except UnicodeEncodeError:
            continue
        if not cell.isascii():
            found.append((title, cell))
    return found[:most]


def titles_of(language: str, codec: str) -> list[tuple[str, bytes]]:
    """Ten titles, as they stand."""
    return cells_of(language, codec, 10, random.Random(0), words=False)


@pytest.mark.parametrize(("codec", "language"), ALL)
def test_a_text_is_read_rightly_or_refused(codec: str, language: str, times: int) -> None:
    chance = random.Random(f"{codec} {language} {times}")
    for most in (1, 2, 3, 5, 10):
        for _ in range(2 * times):
            titles, cells = zip(*cells_of(language, codec, most, chance), strict=True)
            plain = judge(cells).plain
            if plain is not None:
                assert tuple(cell.decode(plain.codec) for cell in cells) == titles


def test_most_texts_of_ten_titles_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    refused: list[str] = []
    for codec, language in ALL:
        _, cells = zip(*titles_of(language, codec), strict=True)
        if judge(cells).plain is None:
            refused.append(f"{language} in {codec}")
    with capsys.disabled():
        print(f"\n{len(refused)} of {len(ALL)} texts of ten titles are refused: {refused}")  # noqa: T201
    assert len(refused) < len(ALL) / 3


@pytest.mark.parametrize("language", [each for each in WESTERN if each != "English"])
def test_a_western_text_in_windows_1252_is_read_and_noted(language: str, tmp_path: Path) -> None:
    titles = [title.replace("?", "") for title in WORDS[language].split("|")]
    content = HEADER + "".join(f"{title},2001,8\n" for title in titles)
    staged = stage(tmp_path, content.encode("cp1252"))
    assert staged.titles == titles
    assert any(
        note == "the file is not UTF-8: it was read as Windows-1252, as its letters plainly say"
        for note in staged.summary.notes
    )


@pytest.mark.parametrize(("codec", "language"), ALL)
def test_a_declared_encoding_is_read(codec: str, language: str, tmp_path: Path) -> None:
    titles, _ = zip(*titles_of(language, codec), strict=True)
    content = HEADER + "".join(f'"{title}",2001,8\n' for title in titles)
    staged = stage(tmp_path, content.encode(codec), source=SourceOptions(encoding=codec))
    assert tuple(staged.titles) == titles
    raw = staged.raw(1)[0]
    assert raw.raw == f'"{titles[0]}",2001,8'.encode(codec)
    assert raw.columns == {"title": titles[0], "year": "2001", "rating": "8"}


@pytest.mark.parametrize(
    ("codec", "title"),
    [
        ("cp1252", "Amélie"),
        ("cp1252", "Schöne Bescherung"),
        ("cp1250", "Przeminęło"),
        ("cp1251", "Зеркало реки"),
        ("gb18030", "春天的故事里的人"),
    ],
)
def test_one_title_alone_is_read_where_it_is_plain_or_else_set_apart(
    codec: str, title: str, tmp_path: Path
) -> None:
    films = "".join(f"Film {number},2001,8\n" for number in range(40))
    staged = stage(tmp_path, (HEADER + films + f"{title},1999,7\n").encode(codec))
    if staged.summary.set_apart:
        assert len(staged.titles) == 40
        ((number, reason),) = staged.summary.set_apart
        assert number == 41
        assert reason.startswith("it holds bytes that are not UTF-8 text, and may be ")
        assert any(
            note.startswith("a few records hold letters in another encoding, and are set apart")
            for note in staged.summary.notes
        )
    else:
        assert staged.titles[-1] == title
        assert any("the file is not UTF-8" in note for note in staged.summary.notes)


def test_a_header_in_doubt_is_refused_however_few_its_letters(tmp_path: Path) -> None:
    films = "".join(f"Film {number},8,x\n" for number in range(40))
    sentence = refusal(tmp_path, ("title,rating,Fräulein\n" + films).encode("cp1252"))
    assert sentence.startswith(
        "The header in line 1 is not UTF-8, and which encoding it is in cannot"
    )
    assert "Windows-1252" in sentence


@pytest.mark.parametrize(
    ("codec", "name", "title"),
    [
        ("iso2022_jp", "ISO-2022-JP", "春の海"),
        ("iso2022_kr", "ISO-2022-KR", "서울의 밤"),
        ("hz", "HZ", "春天的故事"),
    ],
)
def test_what_is_ascii_to_the_eye_and_another_encoding_is_read_and_noted(
    codec: str, name: str, title: str, tmp_path: Path
) -> None:
    staged = stage(tmp_path, f"{HEADER}{title},2001,8\nx,1999,7\n{title},1999,7\n".encode(codec))
    assert staged.titles == [title, "x", title]
    assert staged.summary.dialect.encoding == name
    assert staged.raw(2)[0].raw == b"x,1999,7"


def test_a_title_with_such_signs_stays_what_it_is(tmp_path: Path) -> None:
    assert stage(tmp_path, HEADER + "~{Wild}~,2001,8\n").titles == ["~{Wild}~"]


@pytest.mark.parametrize("title", ["Amélie", "Où", "L’été", "Зеркало реки"])
def test_what_was_encoded_twice_is_noted(title: str, tmp_path: Path) -> None:
    twice = title.encode().decode("latin-1" if title.startswith("З") else "cp1252")
    notes = stage(tmp_path, f"{HEADER}{twice},2001,8\n").summary.notes
    assert any(note.startswith("letters look as if the file had been written") for note in notes)


@pytest.mark.parametrize("title", [*WORDS["Portuguese"].split("|"), "AÇÃO", "SÃO PAULO", "Â"])
def test_what_was_encoded_once_is_not(title: str, tmp_path: Path) -> None:
    notes = stage(tmp_path, f"{HEADER}{title},2001,8\n").summary.notes
    assert not any("twice" in note for note in notes)


@pytest.mark.parametrize(
    ("title", "word"),
    [
        ("Am\ufffdlie", "letters were lost before the file came"),
        ("21 &amp; Over", "letters are written as in web pages"),
        ("It&#39;s", "letters are written as in web pages"),
        ("Am&eacute;lie", "letters are written as in web pages"),
        ("Fast & Furious; again", ""),
    ],
)
def test_letters_that_were_spoilt_before_are_noted(title: str, word: str, tmp_path: Path) -> None:
    staged = stage(tmp_path, f"{HEADER}{title},2001,8\n")
    assert staged.titles == [title]
    assert any(note.startswith(word) for note in staged.summary.notes) == bool(word) or not word
    assert word or not any(note.startswith("letters") for note in staged.summary.notes)


def test_titles_with_their_rank_are_noted(tmp_path: Path) -> None:
    rows = "1. Heat,1995,8\n2. Up,2009,8\n"
    notes = stage(tmp_path, HEADER + rows).summary.notes
    assert any(note.startswith("texts begin with the number of their row") for note in notes)
    notes = stage(tmp_path, HEADER + "1. Mai,1990,7\n12 Monkeys,1995,8\n").summary.notes
    assert not any(note.startswith("texts begin") for note in notes)


def test_halves_of_characters_are_no_other_encoding(tmp_path: Path) -> None:
    # as Java and Oracle write what has four bytes in UTF-8
    content = HEADER.encode() + b"\xed\xa0\xbd\xed\xb8\x80 Emoji,2017,3\nHeat,1995,8\n"
    staged = stage(tmp_path, content)
    assert staged.titles == ["Heat"]
    assert staged.summary.dialect.encoding == "UTF-8"
    assert [number for number, _ in staged.summary.set_apart] == [1]


@pytest.mark.parametrize(("codec", "language"), [each for each in ALL if each[0] != "utf-8"][::3])
def test_a_mixture_with_utf_8_is_never_read_wrongly(
    codec: str, language: str, tmp_path: Path
) -> None:
    chance = random.Random(language)
    for share in (0.04, 0.2, 0.4):
        titles = chance.choices(WORDS[language].split("|"), k=25)
        lines = [
            title.encode("utf-8" if chance.random() < share else codec, "replace") + b",2001,8"
            for title in titles
        ]
        try:
            staged = stage(tmp_path, HEADER.encode() + b"\n".join(lines) + b"\n")
        except UnreadableFile:
            continue
        written = {title.encode(codec, "replace").decode(codec) for title in titles}
        assert set(staged.titles) <= {*titles, *written}, (codec, language, share)


@pytest.mark.parametrize("codec", ["cp1251", "gb18030", "euc_jp", "cp1252"])
def test_a_mixture_far_behind_is_seen_however_it_is_read(codec: str, tmp_path: Path) -> None:
    language = {"cp1251": "Russian", "gb18030": "Chinese", "euc_jp": "Japanese"}.get(
        codec, "French"
    )
    titles = WORDS[language].split("|")
    names = [f"{title} {number}" for number in range(300) for title in titles]
    content = HEADER.encode() + b"".join(b"%s,2001,8\n" % name.encode(codec) for name in names)
    assert stage(tmp_path, content).titles == names
    mixed = content + b"".join(b"%s,2001,8\n" % title.encode() for title in titles)
    sentence = refusal(tmp_path, mixed)
    assert sentence.startswith("The file could be UTF-8 or another encoding: ")
    path = tmp_path / "0123abcd.csv"
    with pytest.raises(UnreadableFile, match="could be UTF-8 or another encoding"):
        stage_in_pieces(path, MOVIES.contract, to=tmp_path / "pieces", piece_bytes=20_000)


DOUBTFUL = HEADER.encode() + "Ünal,2001,8\n".encode("mac-roman")


def test_a_text_in_doubt_is_refused_without_a_cell_of_it(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, DOUBTFUL)
    assert sentence.startswith(
        "The file is not UTF-8, and which encoding it is in cannot be told: it may be macintosh, "
    )
    assert 'Or declare its encoding, such as encoding = "' in sentence
    assert "for this source in the sources file (MOVIE_PIPELINE_SOURCES)." in sentence
    assert "nal" not in sentence


@pytest.mark.parametrize(
    ("name", "can_be"),
    [
        ("windows-1251", True),
        ("gbk", True),
        ("mac_roman", True),
        ("utf-16-le", True),
        ("utf-32-be", True),
        ("iso2022_jp", True),
        ("utf-16", False),
        ("rot13", False),
        ("base64", False),
        ("idna", False),
        ("klingon", False),
    ],
)
def test_every_codec_of_texts_can_be_declared(name: str, can_be: bool) -> None:  # noqa: FBT001
    assert is_declarable(name) is can_be


def test_an_inspection_shows_how_a_doubtful_text_would_read(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    path.write_bytes(DOUBTFUL)
    lines = list(inspect_file(path, MOVIES.contract).lines())
    assert lines[0].startswith("REJECTED: The file is not UTF-8")
    assert lines[1:3] == ["as macintosh:", "    Ünal"]
    assert "as Windows-1252:" in lines


ENDS_OF_UTF_8 = (
    b"\x7f", b"\x80", b"\xc1\xbf", b"\xc2\x80", b"\xdf\xbf", b"\xe0\x9f\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf",
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xee\x80\x80", b"\xef\xbf\xbf", b"\xf0\x8f\xbf\xbf", b"\xf0\x90\x80\x80",
    b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5", b"\xff", b"\xe2\x82", b"\xf0\x9f\x98", b"\0", b"a" * 70,
)  # fmt: skip
"""The first and last characters of each length, what lies next to them, and halves of some."""


@given(st.lists(st.sampled_from(ENDS_OF_UTF_8) | st.binary(max_size=5), max_size=6))
def test_utf_8_is_what_python_decodes(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        assert not is_utf8(text)
    else:
        assert is_utf8(text)
