"""What the demo and the console say, in Russian and English."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "friend": "Ann",
    "me": "You",
    "saved": "Saved Messages",
    "voice": "🎤 voice note, {length}",
    "video_note": "📹 video note, {length}",
    "audio": "🎵 audio file, {length}",
    "video": "🎬 video, {length}",
    "document": "📎 {name}",
    "edited": "(edited)",
    "deleted": "deleted for everyone: {text}",
    "deleted_mine": "deleted on your side only: {text}",
    "demo.intro": "A Telegram on this machine, the real program signed in to it, and your friend {friend}, whose "
    "voice notes are transcribed.\n",
    "demo.started": "The program is up ({seconds:.1f} s). {friend} starts talking.\n",
    "demo.private": "\n{friend}'s chat shows nothing of this: no message, no “typing…”, no mark.",
    "demo.stopped": "The program stopped when told, in {seconds:.1f} s.",
    "demo.next": "\nThat was the whole of it. For your own account: make run",
    "demo.failed": "\n❌ {reason}\n\nThe program's last lines:\n{log}",
    "demo.no_start": "The program did not connect within {seconds:.0f} s.",
    "demo.no_text": "No right transcript of {file} came within {seconds:.0f} s.",
    "demo.ended": "The program ended by itself, with exit code {code}.",
    "demo.shown": "{friend} was shown something of the program's: {what}.",
    "demo.no_stop": "The program did not stop within {seconds:.0f} s of SIGTERM.",
    "demo.bad_stop": "The program stopped with exit code {code} instead of 0.",
    "demo.missing": "{path} is missing: this is not a complete copy of the project.",
    "play.help": """\
You play everyone here; the program answers by itself.
  TEXT                 {friend} writes to you
  voice FILE           {friend} sends a voice note ({sample}, …)
  me TEXT              you write in Saved Messages (try: me /help)
  me voice FILE        you record a note in Saved Messages
  me@friend TEXT       you write in {friend}'s chat (also: me@friend voice FILE)
  … re N TEXT          the same, as a reply to message N (me re 3 /t)
  drop                 the connection breaks
  outage S             Telegram cannot be reached for S seconds
  hole S               Telegram is silent for S seconds
  flood S              Telegram answers the next message with FloodWait of S seconds
  revoke               the session is ended at Telegram
  log                  the program's last lines
  help, quit""",
    "play.started": "The program is signed in. Its log: {log}\n",
    "play.ended": "The program ended with exit code {code}.",
    "play.no_file": "There is no file {path}.",
    "play.no_message": "There is no message {number} in that chat.",
    "play.seconds": "How many seconds? For example: {example}",
    "play.dropped": "Connections broken: {n}.",
    "play.outage": "Telegram cannot be reached for {seconds:g} s.",
    "play.hole": "Telegram is silent for {seconds:g} s.",
    "play.over": "Telegram is back.",
    "play.flood": "The next message is answered with FloodWait of {seconds:g} s.",
    "play.revoked": "The session was ended.",
}

RUSSIAN: Mapping[str, str] = {
    "friend": "Аня",
    "me": "Вы",
    "saved": "Избранное",
    "voice": "🎤 голосовое, {length}",
    "video_note": "📹 кружок, {length}",
    "audio": "🎵 аудиофайл, {length}",
    "video": "🎬 видео, {length}",
    "document": "📎 {name}",
    "edited": "(изменено)",
    "deleted": "удалено у всех: {text}",
    "deleted_mine": "удалено только у вас: {text}",
    "demo.intro": "Telegram на этой машине, настоящая программа, вошедшая в него, и ваша подруга {friend}: "
    "её голосовые превращаются в текст.\n",
    "demo.started": "Программа запущена ({seconds:.1f} с). {friend} начинает говорить.\n",
    "demo.private": "\nВ чате «{friend}» ничего этого не видно: ни сообщения, ни «печатает…», ни отметки.",
    "demo.stopped": "Программа остановилась по команде за {seconds:.1f} с.",
    "demo.next": "\nВот и всё. Со своим аккаунтом: make run",
    "demo.failed": "\n❌ {reason}\n\nПоследние строки программы:\n{log}",
    "demo.no_start": "Программа не подключилась за {seconds:.0f} с.",
    "demo.no_text": "За {seconds:.0f} с не пришёл верный текст для {file}.",
    "demo.ended": "Программа завершилась сама, код {code}.",
    "demo.shown": "{friend} видит то, что касается программы: {what}.",
    "demo.no_stop": "Программа не остановилась за {seconds:.0f} с после SIGTERM.",
    "demo.bad_stop": "Программа остановилась с кодом {code} вместо 0.",
    "demo.missing": "Нет {path}: это неполная копия проекта.",
    "play.help": """\
Здесь вы играете за всех; программа отвечает сама.
  ТЕКСТ                {friend} пишет вам
  voice ФАЙЛ           {friend} присылает голосовое ({sample}, …)
  me ТЕКСТ             вы пишете в Избранное (попробуйте: me /help)
  me voice ФАЙЛ        вы записываете голосовое в Избранное
  me@friend ТЕКСТ      вы пишете в чат «{friend}» (и так: me@friend voice ФАЙЛ)
  … re N ТЕКСТ         то же, ответом на сообщение N (me re 3 /t)
  drop                 соединение рвётся
  outage S             Telegram недоступен S секунд
  hole S               Telegram молчит S секунд
  flood S              на следующее сообщение Telegram отвечает FloodWait на S секунд
  revoke               сессия завершена на стороне Telegram
  log                  последние строки программы
  help, quit""",
    "play.started": "Программа вошла. Её журнал: {log}\n",
    "play.ended": "Программа завершилась с кодом {code}.",
    "play.no_file": "Нет файла {path}.",
    "play.no_message": "В том чате нет сообщения {number}.",
    "play.seconds": "Сколько секунд? Например: {example}",
    "play.dropped": "Разорвано соединений: {n}.",
    "play.outage": "Telegram недоступен {seconds:g} с.",
    "play.hole": "Telegram молчит {seconds:g} с.",
    "play.over": "Telegram снова отвечает.",
    "play.flood": "На следующее сообщение придёт FloodWait на {seconds:g} с.",
    "play.revoked": "Сессия завершена.",
}


class Sentences:
    """The sentences in one language."""

    def __init__(self, language: str) -> None:
        self._table = RUSSIAN if language == "ru" else ENGLISH

    def __call__(self, key: str, **details: object) -> str:
        return self._table[key].format(**details)
