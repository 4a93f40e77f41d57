"""The languages that Whisper knows, by code and by name."""

from __future__ import annotations

from typing import Final

from transcriber.chat.texts import Texts

DETECT: Final = "auto"  # as a chat's language: detect it there, whatever is the default elsewhere

# code, English name, Russian name
_TABLE: Final = """
af afrikaans африкаанс | am amharic амхарский | ar arabic арабский | as assamese ассамский
az azerbaijani азербайджанский | ba bashkir башкирский | be belarusian белорусский | bg bulgarian болгарский
bn bengali бенгальский | bo tibetan тибетский | br breton бретонский | bs bosnian боснийский
ca catalan каталанский | cs czech чешский | cy welsh валлийский | da danish датский | de german немецкий
el greek греческий | en english английский | es spanish испанский | et estonian эстонский | eu basque баскский
fa persian персидский | fi finnish финский | fo faroese фарерский | fr french французский
gl galician галисийский | gu gujarati гуджарати | ha hausa хауса | haw hawaiian гавайский | he hebrew иврит
hi hindi хинди | hr croatian хорватский | ht haitian гаитянский | hu hungarian венгерский | hy armenian армянский
id indonesian индонезийский | is icelandic исландский | it italian итальянский | ja japanese японский
jw javanese яванский | ka georgian грузинский | kk kazakh казахский | km khmer кхмерский | kn kannada каннада
ko korean корейский | la latin латинский | lb luxembourgish люксембургский | ln lingala лингала | lo lao лаосский
lt lithuanian литовский | lv latvian латышский | mg malagasy малагасийский | mi maori маори
mk macedonian македонский | ml malayalam малаялам | mn mongolian монгольский | mr marathi маратхи | ms malay малайский
mt maltese мальтийский | my burmese бирманский | ne nepali непальский | nl dutch нидерландский
nn nynorsk нюнорск | no norwegian норвежский | oc occitan окситанский | pa punjabi панджаби | pl polish польский
ps pashto пушту | pt portuguese португальский | ro romanian румынский | ru russian русский | sa sanskrit санскрит
sd sindhi синдхи | si sinhala сингальский | sk slovak словацкий | sl slovenian словенский | sn shona шона
so somali сомалийский | sq albanian албанский | sr serbian сербский | su sundanese сунданский | sv swedish шведский
sw swahili суахили | ta tamil тамильский | te telugu телугу | tg tajik таджикский | th thai тайский
tk turkmen туркменский | tl tagalog тагальский | tr turkish турецкий | tt tatar татарский | uk ukrainian украинский
ur urdu урду | uz uzbek узбекский | vi vietnamese вьетнамский | yi yiddish идиш | yo yoruba йоруба
yue cantonese кантонский | zh chinese китайский
"""

_NAMES: Final = {
    code: (english, russian)
    for code, english, russian in (entry.split() for entry in _TABLE.replace("\n", "|").split("|") if entry.strip())
}
_CODES: Final = {name: code for code, names in _NAMES.items() for name in (code, *names)}


def language_code(word: str) -> str | None:
    """The code that a word means: a code (`ru`, `RU`, `en-US`) or a name (`Russian`, `русский`); None if it is
    no language."""
    lowered = word.strip().lower()
    return _CODES.get(lowered) or _CODES.get(lowered.split("-")[0].split("_")[0])


def language_name(code: str, language: str) -> str:
    """What that language is called in Russian or English; an unknown code is its own name."""
    names = _NAMES.get(code)
    if names is None:
        return code
    return names[1] if language == "ru" else names[0].title()


def spoken_language(code: str | None, texts: Texts) -> str:
    """What a chat's language is called, where it may be left to be detected."""
    return texts("language.auto") if code in (None, DETECT) else language_name(code or DETECT, texts.language)
