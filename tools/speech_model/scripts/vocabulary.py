"""Closed vocabulary of the tiny recogniser: words and fixed sentences.

Everything is lower case without punctuation: the model transcribes words, it
does not punctuate.  Homophones were avoided in the word lists (no "to", "for",
"read", "write", "know"...); inside the fixed sentences the context decides.
"""


def _words(text):
    return text.split()


EN_WORDS = _words("""
zero one two three four five six seven eight nine ten eleven twelve twenty
yes no okay monday tuesday wednesday thursday friday saturday sunday
hello goodbye please thanks sorry today tomorrow yesterday morning evening night
week month year minute time house home work car water coffee tea sugar dog cat
bird horse book paper phone music movie game picture letter number address
red green blue white black yellow brown good bad big small new old young hot
cold fast slow happy open close start stop left right under over come send
wait help call find give take bring friend family mother father brother sister
baby money street city village train airport ticket door window table chair
school doctor teacher question answer meeting lunch dinner breakfast bread
milk apple orange banana cheese garden river mountain summer winter spring
rain snow sun moon star voice message
""")

EN_SENTENCES = [
    s.strip()
    for s in """
hello this is a voice message
please call me back tomorrow
meet me at seven
i will be home in ten minutes
can you send me the address
the meeting starts at nine
thank you very much for your help
see you on monday
what time is it now
i am on the train
the weather is good today
we need milk and bread
happy birthday my friend
good morning everyone
good night and sweet dreams
where is my phone
the dog is in the garden
my mother is at the doctor
let us have lunch at twelve
i sent you the money yesterday
please open the window
close the door please
turn left at the next street
the bus is five minutes late
do you want tea or coffee
i like this music
this is a test of the voice bot
the ticket costs twenty dollars
the plane leaves on friday evening
i will call you later
do not wait for me
the answer is yes
no i do not think so
one two three four five
my number is eight six four two
she works in the city
he has a new car
it is cold and rainy outside
the children are at school
i forgot my keys at home
have a nice weekend
dinner is ready
i am sorry i am late
see you next week
the quick brown fox jumps over the lazy dog
""".strip().splitlines()
]

RU_WORDS = _words("""
ноль один два три четыре пять шесть семь восемь девять десять двадцать сто
да нет понедельник вторник среда четверг пятница суббота воскресенье
привет пока спасибо пожалуйста извини сегодня завтра вчера утро день вечер ночь
неделя месяц год минута время дом работа машина вода кофе чай сахар собака кошка
птица книга бумага телефон музыка фильм игра письмо номер адрес
красный синий белый серый хороший плохой большой маленький новый старый
быстро медленно открой закрой начни стоп налево направо жди помоги
друг семья мама папа брат сестра деньги улица город деревня поезд билет дверь
окно стол стул школа врач учитель вопрос ответ встреча обед ужин завтрак хлеб
молоко яблоко банан сыр сад река гора лето зима весна осень дождь снег солнце
луна звезда голос сообщение
""")

RU_SENTENCES = [
    s.strip()
    for s in """
привет как дела
перезвони мне завтра
встречаемся в семь часов
это голосовое сообщение
я буду дома через десять минут
отправь мне адрес пожалуйста
встреча начинается в девять
большое спасибо за помощь
увидимся в понедельник
сколько сейчас времени
я еду на поезде
сегодня хорошая погода
нам нужны молоко и хлеб
поздравляю тебя с праздником
доброе утро всем
спокойной ночи
где мой телефон
собака гуляет в саду
мама сейчас у врача
давай пообедаем в двенадцать
вчера я отправил тебе деньги
открой пожалуйста окно
закрой дверь
поверни налево на следующей улице
автобус опаздывает на пять минут
ты хочешь чай или кофе
мне нравится эта музыка
это проверка голосового бота
билет стоит двадцать рублей
поезд отправляется в пятницу вечером
я позвоню тебе позже
не жди меня
ответ да
нет я так не думаю
один два три четыре пять
мой номер восемь шесть четыре два
она работает в городе
у него новая машина
на улице холодно и снег
дети сейчас в школе
я забыл ключи дома
хороших выходных
ужин готов
извини я опоздал
увидимся на следующей неделе
""".strip().splitlines()
]

WORDS = {"en": EN_WORDS, "ru": RU_WORDS}
SENTENCES = {"en": EN_SENTENCES, "ru": RU_SENTENCES}


def all_words(lang):
    """Every word form that can occur, in a stable order."""
    seen = dict.fromkeys(WORDS[lang])
    for sentence in SENTENCES[lang]:
        seen.update(dict.fromkeys(sentence.split()))
    return list(seen)


if __name__ == "__main__":  # writes vocabulary.md to stdout
    for lang, name in (("en", "English"), ("ru", "Russian")):
        print(f"# {name}\n\n## Words ({len(WORDS[lang])}; any sequence of 1-8)\n")
        print(" ".join(WORDS[lang]))
        print(f"\n## Sentences ({len(SENTENCES[lang])})\n")
        for sentence in SENTENCES[lang]:
            print(f"- {sentence}")
        print(f"\nDistinct word forms in all: {len(all_words(lang))}\n")
