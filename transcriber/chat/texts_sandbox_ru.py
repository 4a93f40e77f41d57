"""What the demo and the console of the sandbox say, in Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_SANDBOX: Final[Mapping[str, str]] = {
    "play.friend": "Аня",
    "play.voice": "🎤 голосовое, {length}",
    "play.video_note": "📹 кружок, {length}",
    "play.audio": "🎵 аудиофайл, {length}",
    "play.video": "🎬 видео, {length}",
    "play.document": "📎 {name}",
    "play.edited": "(изменено)",
    "play.deleted": "удалено у всех: {text}",
    "play.deleted_mine": "удалено только у вас: {text}",
    "demo.intro": "На этой машине свой Telegram, в нём настоящая программа и ваша подруга {friend}: "
    "её голосовые превращаются в текст.\n",
    "demo.started": "Программа запущена ({seconds} с). {friend} начинает говорить.\n",
    "demo.private": "\nВ чате «{friend}» ничего этого не видно: ни сообщения, ни «печатает…», ни отметки.",
    "demo.stopped": "Программа остановилась по команде за {seconds} с.",
    "demo.next": "\nВот и всё. Со своим аккаунтом: make run",
    "demo.failed": "\n❌ {reason}\n\nПоследние строки программы:\n{log}",
    "demo.no_start": "Программа не подключилась за {seconds} с.",
    "demo.no_text": "За {seconds} с не пришёл верный текст для {file}.",
    "demo.ended": "Программа завершилась сама, код {code}.",
    "demo.shown": "{friend} видит то, что касается программы: {what}.",
    "demo.no_stop": "Программа не остановилась за {seconds} с после SIGTERM.",
    "demo.bad_stop": "Программа остановилась с кодом {code} вместо 0.",
    "demo.missing": "Нет {path}: это неполная копия проекта.",
    "play.help": """\
Здесь вы играете за всех; программа отвечает сама.
  ТЕКСТ                {friend} пишет вам
  voice [ФАЙЛ]         {friend} присылает голосовое; без файла — «привет»
  me ТЕКСТ             вы пишете в Избранное (попробуйте: me /help)
  me voice [ФАЙЛ]      вы записываете голосовое в Избранное
  me@friend ТЕКСТ      вы пишете в чат «{friend}» (и так: me@friend voice)
  … re N ТЕКСТ         то же, ответом на сообщение [N] (me@friend re 1 /t)
  drop                 соединение рвётся
  outage S             Telegram недоступен S секунд
  hole S               Telegram молчит S секунд
  flood S              на следующее сообщение Telegram отвечает FloodWait на S секунд
  revoke               сессия завершена на стороне Telegram
  log                  последние строки программы
  help, quit""",
    "play.started": "Программа вошла в аккаунт. Её журнал: {log}\n",
    "play.ended": "Программа завершилась с кодом {code}.",
    "play.no_file": "Нет файла {path}.",
    "play.no_message": "В том чате нет сообщения {number}.",
    "play.seconds": "Сколько секунд? Например: {example}",
    "play.dropped": "Разорвано соединений: {n}.",
    "play.outage": "Telegram недоступен {seconds} с.",
    "play.hole": "Telegram молчит {seconds} с.",
    "play.over": "Telegram снова отвечает.",
    "play.flood": "На следующее сообщение придёт FloodWait на {seconds} с.",
    "play.revoked": "Сессия завершена.",
    "play.meant": "Может быть, так: {example}",
    "play.other_chat": "Сообщение {number} — в другом чате. Нужно так: {example}",
    "play.ended_badly": "Программа завершилась с кодом {code} (log — почему, quit — выйти).",
}
