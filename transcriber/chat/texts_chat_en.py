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
    "answer.chat_language": "language: {language}",
    "answer.auto": "Transcribed unasked (besides the lists in /tracked):\n"
    "{private} private chats: private\n{groups} groups: groups\n{mine} my own notes: mine\n"
    "{files} files in “{chat}”: files",
    "answer.files_on": "🎵 From the chat “{chat}” audio, video and other files with sound are transcribed unasked "
    "too.",
    "answer.files_off": "🎵 From the chat “{chat}” only voice and video messages are transcribed unasked; files, "
    "when you ask: /t",
    "answer.files_elsewhere": "For another chat: /auto files on @anna, or typed in the chat itself.",
    "answer.files_unheard": "But this chat is not listened to yet. To begin: /track{name}",
    "answer.files_ignored": "But this chat is left alone. To change that: /track{name}",
    "answer.chat_files": "files too",
    "answer.deliver_chat": "Transcripts from the chat “{chat}” go {delivery}.",
    "answer.deliver_all": "Transcripts go {delivery}, unless a chat says otherwise.",
    "answer.deliver_seen": "Everyone in the chat will see them.",
    "answer.lang_chat": "Language of the chat “{chat}”: {language}.",
    "answer.lang_all": "Language unless a chat says otherwise: {language}.",
    "answer.for_all": "For all chats at once: {example}",
    "answer.taken": "🎙 On it: {ids}",
    "answer.no_sound": "There is no sound in that message. Reply to a voice note, a video or an audio file, or "
    "give a number. Example: /t 12",
    "answer.queue_empty": "The queue is empty.",
    "answer.queue": "📥 {n} {n:note|notes} in the queue:",
    "answer.queue_rest": "[[Failed this week: {failed}. ]][[Held for their age: {held}. ]]To try again: /retry",
    "answer.queue_waiting": "waiting",
    "answer.queue_running": "running",
    "answer.cancelled": "Cancelled: {ids}",
    "answer.cancelled_all": "Cancelled: {n} {n:note|notes}.",
    "answer.cancel_unknown": "There is no such note in the queue. /queue shows what there is.",
    "answer.retried": "🔁 Trying again: {ids}",
    "answer.retried_all": "🔁 Trying again: {n} {n:note|notes}.[[ Left alone: {left}, the result would be the "
    "same.]]",
    "answer.retry_unknown": "There is no note #{id}, or it is still in the queue. /queue shows what there is.",
    "answer.retry_nothing": "There is nothing to try again.[[ Left alone: {left}, the result would be the same.]]",
    "delivery.private": "to you alone, in Saved Messages",
    "delivery.reply": "as a reply in the chat",
    "delivery.caption": "into the caption of your own note",
    "language.auto": "detected",
    "answer.others_title": "⚙️ Other chats with rules ({n}):",
    "answer.chat_words": "{n} {n:word|words} to expect",
    "answer.working": "🎙 In progress: {ids}",
    "answer.ahead": "⏳ Taken: {ids} · {n} ahead",
    "answer.next": "⏳ Taken: {ids} · next in line",
    "answer.finished": "✅ Done: {ids}",
    "answer.ended": "⏹ No longer in the queue: {ids}",
    "answer.words_chat": "📖 Words for the chat “{chat}”: {words}",
    "answer.words_chat_none": "📖 The chat “{chat}” has no words of its own.",
    "answer.words_all": "📖 Words for all chats: {words}",
    "answer.words_all_none": "📖 There are no words for all chats.",
    "answer.words_too_long": "That is {n} characters; {most} fit. Keep the names and terms that are misheard.",
}

_MODEL: Final[Mapping[str, str]] = {
    "models.title": "🧠 Models:",
    "models.line": "[[ · {download_bytes:size}]][[ · memory {memory_bytes:size}]][[ · ×{speed}]]",
    "models.how": "{now} in use · {here} here · {elsewhere} to download\n×: times faster than the sound\nTo "
    "change: /model name",
    "models.already": "The model {model:model} is in use already.",
    "models.busy": "The model {model:model} is being prepared. Wait for it before the next change.",
    "models.preparing": "⏳ Preparing the model {model:model}: {fraction:percent}",
    "models.switched": "✅ Now working with the model {model:model}[[, memory {memory_bytes:size}]].",
    "models.kept": "❌ {reason}\nThe model {model:model} stays.",
}

_STATUS: Final[Mapping[str, str]] = {
    "status.online": "📡 Online[[ since {since_s:moment}]]",
    "status.offline": "📡 Offline[[ since {since_s:moment}]]",
    "status.update": "   last news {at_s:moment}",
    "status.model": "🧠 {model:model}[[ · {memory_bytes:size}]][[ · ×{speed}]]",
    "status.unloaded": "(unloaded)",
    "status.deaths": "   recogniser restarts: {n}",
    "status.queue": "📥 Waiting {waiting} · running {running}[[ · held {held}]]",
    "status.done": "✅ Done today {today} · last hour {hour}",
    "status.error": "⚠️ {at_s:moment}: {error}",
    "status.no_error": "👌 No errors",
    "status.program": "ℹ️ {version} · up {uptime_s:duration}[[ · {n} {n:reconnect|reconnects}]]",
    "status.failed": "❗ Failed this week: {n} · /retry",
}

_HELP: Final[Mapping[str, str]] = {
    "help.how": "More: /help track. Commands work in any chat: they vanish at once, the answer comes to Saved "
    "Messages.",
    "help.help": "this list; /help and a command",
    "help.status": "is all well",
    "help.model": "the models, another model",
    "help.track": "always transcribe",
    "help.untrack": "off the lists",
    "help.ignore": "never touch",
    "help.tracked": "who is on the lists",
    "help.auto": "what else, besides the lists",
    "help.deliver": "where the text goes",
    "help.lang": "language of a chat",
    "help.t": "transcribe now (as a reply)",
    "help.queue": "what waits and runs",
    "help.cancel": "cancel",
    "help.retry": "try again",
    "usage.help": "Expected: /help or /help command. Example: /help track",
    "usage.status": "Expected: /status. Example: /status",
    "usage.model": "Expected: /model or /model name. Example: /model large-v3",
    "usage.track": "Expected: /track @name, id or link; in the chat itself just /track. Example: /track @anna",
    "usage.untrack": "Expected: /untrack @name, id or link; in the chat itself /untrack. Example: /untrack @anna",
    "usage.ignore": "Expected: /ignore @name, id or link; in the chat itself just /ignore. Example: /ignore @anna",
    "usage.tracked": "Expected: /tracked. Example: /tracked",
    "usage.auto": "Expected: /auto private|groups|mine on|off; for files in one chat /auto files on|off there, or "
    "with @name. Example: /auto private on, /auto files on @anna",
    "usage.deliver": "Expected: /deliver private|reply|caption, with default for all chats. Example: /deliver "
    "reply, /deliver private default",
    "usage.lang": "Expected: /lang auto or a language, with default for all chats. Example: /lang ru, /lang "
    "auto default",
    "usage.t": "Expected: /t [language] [model] [file|srt] [translate] in reply to a note, or with its number. "
    "Example: /t ru, /t 12 file",
    "usage.queue": "Expected: /queue. Example: /queue",
    "usage.cancel": "Expected: /cancel number, /cancel all, or a reply to a note. Example: /cancel 12",
    "usage.retry": "Expected: /retry, /retry number, or a reply to a note. Example: /retry 12",
    "group.notes": "🎙 Notes",
    "group.whom": "👥 Whose notes",
    "group.where": "📬 Where and how",
    "group.model": "🧠 Model",
    "group.data": "🗂 Your data",
    "group.look": "ℹ️ What is going on",
    "help.words": "names and terms to expect",
    "usage.words": "Expected: /words a, b, c for this chat, /words default a, b for all, /words none to clear. "
    "Example: /words Anna, Kubernetes",
}

ENGLISH_CHAT: Final[Mapping[str, str]] = {**_ANSWER, **_MODEL, **_STATUS, **_HELP}
