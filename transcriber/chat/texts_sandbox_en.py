"""What the demo and the console of the sandbox say, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_SANDBOX: Final[Mapping[str, str]] = {
    "play.friend": "Ann",
    "play.voice": "🎤 voice note, {length}",
    "play.video_note": "📹 video note, {length}",
    "play.audio": "🎵 audio file, {length}",
    "play.video": "🎬 video, {length}",
    "play.document": "📎 {name}",
    "play.edited": "(edited)",
    "play.deleted": "deleted for everyone: {text}",
    "play.deleted_mine": "deleted on your side only: {text}",
    "demo.intro": "A Telegram on this machine, the real program signed in to it, and your friend {friend}, whose "
    "voice notes are transcribed.\n",
    "demo.started": "The program is up ({seconds} s). {friend} starts talking.\n",
    "demo.private": "\n{friend}'s chat shows nothing of this: no message, no “typing…”, no mark.",
    "demo.stopped": "The program stopped when told, in {seconds} s.",
    "demo.next": "\nThat was the whole of it. For your own account: make run",
    "demo.failed": "\n❌ {reason}\n\nThe program's last lines:\n{log}",
    "demo.no_start": "The program did not connect within {seconds} s.",
    "demo.no_text": "No right transcript of {file} came within {seconds} s.",
    "demo.ended": "The program ended by itself, with exit code {code}.",
    "demo.shown": "{friend} was shown something of the program's: {what}.",
    "demo.no_stop": "The program did not stop within {seconds} s of SIGTERM.",
    "demo.bad_stop": "The program stopped with exit code {code} instead of 0.",
    "demo.missing": "{path} is missing: this is not a complete copy of the project.",
    "play.help": """\
You play everyone here; the program answers by itself.
  TEXT                 {friend} writes to you
  voice [FILE]         {friend} sends a voice note; without FILE it says hello
  me TEXT              you write in Saved Messages (try: me /help)
  me voice [FILE]      you record a note in Saved Messages
  me@friend TEXT       you write in {friend}'s chat (also: me@friend voice)
  … re N TEXT          the same, as a reply to message [N] (me@friend re 1 /t)
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
    "play.outage": "Telegram cannot be reached for {seconds} s.",
    "play.hole": "Telegram is silent for {seconds} s.",
    "play.over": "Telegram is back.",
    "play.flood": "The next message is answered with FloodWait of {seconds} s.",
    "play.revoked": "The session was ended.",
    "play.meant": "Did you mean: {example}",
    "play.other_chat": "Message {number} is in the other chat. Like this: {example}",
    "play.ended_badly": "The program ended with exit code {code} (log: why; quit: leave).",
}
