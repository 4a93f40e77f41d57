"""What the owner reads in Telegram, in English: answers to commands, help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ANSWER: Final[Mapping[str, str]] = {
    "answer.in_chat": "💬 In the chat “{chat}”:",
    "answer.not_deleted": "⚠️ Telegram did not let me delete your command there: others can still see it. "
    "Delete it by hand.",
    "answer.tracked": "👂 Tracking: {name}",
    "answer.untracked": "No longer tracking: {name}",
    "answer.unignored": "No longer left alone: {name}",
    "answer.untracked_already": "Not on a list anyway: {name}",
    "answer.ignored": "🔕 Leaving alone: {name}",
    "answer.tracked_title": "👂 Tracking ({n}):",
    "answer.ignored_title": "🔕 Leaving alone ({n}):",
    "answer.tracked_none": "The list is empty. To add: /track @name, or just /track in the chat itself.",
    "answer.chat_delivery": "delivery: {delivery}",
    "answer.chat_language": "language: {language}",
    "answer.auto": "Transcribed unasked (besides the lists in /tracked):\n"
    "{private} private chats: private\n{groups} groups: groups\n{mine} my own notes: mine",
    "answer.deliver_chat": "Transcripts from the chat “{chat}” go {delivery}.",
    "answer.deliver_all": "Transcripts go {delivery}, unless a chat says otherwise.",
    "answer.deliver_seen": "Everyone in the chat will see them.",
    "answer.lang_chat": "Language of the chat “{chat}”: {language}.",
    "answer.lang_all": "Language unless a chat says otherwise: {language}.",
    "answer.for_all": "For all chats at once: {example}",
    "answer.taken": "🎙 On it: #{id}[[, {n} ahead of it]].",
    "answer.no_sound": "There is no sound in that message. Reply to a voice note, a video or an audio file, "
    "or give a number: /t 12",
    "answer.queue_empty": "The queue is empty.",
    "answer.queue": "📥 {n} {n:note|notes} in the queue:",
    "answer.queue_rest": "[[Failed: {failed}. ]][[Held for their age: {held}. ]]To try again: /retry",
    "answer.queue_waiting": "waiting",
    "answer.queue_running": "running",
    "answer.cancelled": "Cancelled: #{id}",
    "answer.cancelled_all": "Cancelled: {n} {n:note|notes}.",
    "answer.cancel_unknown": "There is no such note in the queue. /queue shows what there is.",
    "answer.retried": "🔁 Trying again: #{id}",
    "answer.retried_all": "🔁 Trying again: {n} {n:note|notes}.",
    "answer.retry_unknown": "There is no note #{id}, or it is still in the queue.",
    "answer.retry_nothing": "There is nothing to try again.",
    "delivery.private": "to you alone, in Saved Messages",
    "delivery.reply": "as a reply in the chat",
    "delivery.caption": "into the caption of your own note",
    "language.auto": "detected",
}

_MODEL: Final[Mapping[str, str]] = {
    "models.title": "🧠 Models:",
    "models.line": "[[ · {download_bytes:size}]][[ · memory {memory_bytes:size}]][[ · ×{speed}]]",
    "models.present": " · downloaded",
    "models.current": " ← now",
    "models.how": "To change: /model name. × is how many times faster than the sound, measured here.",
    "models.already": "The model {model:model} is in use already.",
    "models.busy": "The model {model:model} is being prepared. Wait for it before the next change.",
    "models.preparing": "⏳ Preparing the model {model:model}: {fraction:percent}",
    "models.switched": "✅ Now working with the model {model:model}[[, memory {memory_bytes:size}]].",
    "models.kept": "❌ {reason}\nThe model {model:model} stays.",
}

_STATUS: Final[Mapping[str, str]] = {
    "status.online": "📡 Online[[ since {since_s:moment}]], reconnects: {n}",
    "status.offline": "📡 Offline[[ since {since_s:moment}]], reconnects: {n}",
    "status.update": "Last update: {at_s:moment}",
    "status.model": "🧠 Model {model:model}[[, memory {memory_bytes:size}]][[, speed ×{speed}]]",
    "status.unloaded": "(unloaded until the next note)",
    "status.deaths": "Recogniser restarts: {n}",
    "status.queue": "📥 Waiting: {waiting}, running: {running}[[, failed: {failed}]][[, held: {held}]]",
    "status.done": "✅ Done today: {today}, in the last hour: {hour}",
    "status.error": "⚠️ Last error, {at_s:moment}: {error}",
    "status.no_error": "👌 No errors",
    "status.program": "ℹ️ Version {version}, up {uptime_s:duration}",
}

_HELP: Final[Mapping[str, str]] = {
    "help.title": "I turn voice notes into text. Commands:",
    "help.how": "More: /help track. A command may be typed in any chat: it vanishes at once, and the answer comes to "
    "Saved Messages.",
    "help.help": "this list, or one command in detail",
    "help.status": "connection, model, queue, errors",
    "help.model": "the models, or another model",
    "help.track": "always transcribe a person or chat",
    "help.untrack": "off the lists: the general rules again",
    "help.ignore": "never touch a person or chat",
    "help.tracked": "who is on the lists",
    "help.auto": "what to transcribe without a list",
    "help.deliver": "where the text goes",
    "help.lang": "language of a chat",
    "help.t": "transcribe a message now, ahead of the queue",
    "help.queue": "what waits and what runs",
    "help.cancel": "cancel a note, or all",
    "help.retry": "try again",
    "usage.help": "Expected: /help or /help command. Example: /help track",
    "usage.status": "Expected: /status",
    "usage.model": "Expected: /model or /model name. Example: /model large-v3",
    "usage.track": "Expected: /track @name, id or link; in the chat itself just /track. Example: /track @anna",
    "usage.untrack": "Expected: /untrack @name, id or link; in the chat itself /untrack. Example: /untrack @anna",
    "usage.ignore": "Expected: /ignore @name, id or link; in the chat itself just /ignore. Example: /ignore @anna",
    "usage.tracked": "Expected: /tracked",
    "usage.auto": "Expected: /auto private|groups|mine on|off. Example: /auto private on",
    "usage.deliver": "Expected: /deliver private|reply|caption [default]. Example: /deliver reply",
    "usage.lang": "Expected: /lang auto or a language [default]. Example: /lang ru",
    "usage.t": "Expected: /t [language] [model] [file|srt] [translate] in reply to a note, or /t number [language]. "
    "Example: /t ru",
    "usage.queue": "Expected: /queue",
    "usage.cancel": "Expected: /cancel number, or /cancel all. Example: /cancel 12",
    "usage.retry": "Expected: /retry, /retry number, or a reply to a note. Example: /retry 12",
}

ENGLISH_CHAT: Final[Mapping[str, str]] = {**_ANSWER, **_MODEL, **_STATUS, **_HELP}
