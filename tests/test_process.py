"""The main job with the real program as a process: what is heard, where it is said, and to whom it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.film import film_of
from tests.support.sandbox import Stage, running, stage
from transcriber.sandbox.journal import Action
from transcriber.sandbox.program import SAMPLES

TEXT_WITHIN_S = 40
EN, EN_WORDS = "en_hello.ogg", "hello this is a voice message"
RU, RU_WORDS = "ru_call_me_back.ogg", "перезвони мне завтра"
DIGITS, DIGITS_WORDS = "en_digits.ogg", "seven three nine one zero five"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


async def said(on: Stage, words: str, since: int = 0) -> Action:
    """The message (or edit) in which these words appeared."""
    return await on.srv.wait_for(
        lambda action: action.kind in ("send", "edit") and words in (action.text or ""), TEXT_WITHIN_S, since
    )


async def answered(on: Stage, command: str, expected: str) -> str:
    """The owner types a command on the phone in Saved Messages; the answer that holds `expected`."""
    since = len(on.srv.actions)
    on.srv.deliver_text(on.me, None, command)
    return (await said(on, expected, since)).text or ""


def times_said(on: Stage, words: str) -> int:
    """In how many messages, of all chats, these words stand now."""
    chats = [on.me, on.friend, *on.srv.users.values(), *on.srv.chats.values(), *on.srv.channels.values()]
    views = {on.srv.chat_id(chat): on.srv.chat_view(chat) for chat in chats}
    return sum(words in seen.text for view in views.values() for seen in view)


async def test_a_voice_note_and_a_video_note_of_a_tracked_friend_each_give_one_transcript_in_saved_messages(
    tmp_path: Path,
) -> None:
    async with stage() as on, running(on):
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        heard = await said(on, EN_WORDS)
        on.srv.deliver_video_note(on.friend, None, film_of(SAMPLES / RU, tmp_path), 3)
        seen = await said(on, RU_WORDS)
        assert heard.chat == seen.chat == on.me.id
        assert times_said(on, EN_WORDS) == times_said(on, RU_WORDS) == 1
        assert [message.text for message in on.srv.chat_view(on.friend)] == ["", ""], "nothing of ours in the chat"
        assert not on.srv.of("typing"), "nothing is shown to the friend"


async def test_with_delivery_reply_the_transcript_answers_the_note_in_its_chat_and_nothing_else_is_there() -> None:
    async with stage() as on, running(on, settings={"DELIVER": "reply"}):
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        heard = await said(on, EN_WORDS)
        assert (heard.chat, heard.reply_to, heard.text) == (on.friend.id, note.id, EN_WORDS)
        assert on.srv.chat_view(on.me) == []


async def test_notes_of_others_give_nothing_and_neither_do_their_commands() -> None:
    async with stage() as on, running(on):
        stranger = on.srv.add_user("Eve", "eve")
        group = on.srv.add_supergroup("Team")
        note = on.srv.deliver_voice(stranger, None, sample(DIGITS), 4)
        for chat in (None, group):
            on.srv.deliver_text(stranger, chat, "/status")
            on.srv.deliver_text(stranger, chat, "/t", reply_to=note)
            on.srv.deliver_text(stranger, chat, f"/track {stranger.id}")
        # Whatever came of those would come before the answer to this one, which was sent last.
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        await answered(on, "/tracked", str(on.friend.id))
        assert times_said(on, DIGITS_WORDS) == 0
        assert [seen.deleted for seen in on.srv.chat_view(stranger)] == [False, False, False, False]
        assert not [action for action in on.srv.sent if action.chat != on.me.id]


async def test_an_audio_file_and_a_note_of_a_stranger_are_transcribed_on_demand_and_the_command_disappears() -> None:
    async with stage() as on, running(on):
        stranger = on.srv.add_user("Eve", "eve")
        song = on.srv.deliver_audio(stranger, None, sample(RU), 3, file_name="../../song.ogg", mime="audio/ogg")
        command = on.srv.deliver_text(on.me, stranger, "/t", reply_to=song)
        heard = await said(on, RU_WORDS)
        assert heard.chat == on.me.id
        visible = [seen for seen in on.srv.chat_view(stranger) if not seen.deleted]
        assert len(visible) == 1, "only the file is left in the chat with the other person"
        assert any(action.msg_id == command.id for action in on.srv.of("delete"))
        assert times_said(on, RU_WORDS) == 1


async def test_a_note_can_be_done_again_in_another_language() -> None:
    async with stage() as on, running(on):
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        since = len(on.srv.actions)
        on.srv.deliver_text(on.me, on.friend, ".t en", reply_to=note)
        await said(on, EN_WORDS, since)


async def test_commands_work_from_another_device_and_change_what_is_transcribed() -> None:
    async with stage(tracked=False) as on, running(on):
        stranger = on.srv.add_user("Eve", "eve")
        await answered(on, "/help", "/status")
        status = await answered(on, "/status", "ct2")
        assert "Bob" not in status
        await answered(on, "/track @bob", "Bob")
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        await answered(on, "/untrack @bob", "Bob")
        await answered(on, "/auto private on", "private")
        on.srv.deliver_voice(stranger, None, sample(DIGITS), 4)
        await said(on, DIGITS_WORDS)
        await answered(on, "/track @nobody_at_all", "nobody_at_all")


async def test_own_notes_in_saved_messages_are_always_transcribed() -> None:
    async with stage(tracked=False) as on, running(on):
        on.srv.deliver_voice(on.me, None, sample(EN), 3)
        assert (await said(on, EN_WORDS)).chat == on.me.id


async def test_a_forward_of_the_same_file_is_answered_without_downloading_it_again() -> None:
    async with stage() as on, running(on):
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        downloads, since = on.srv.count("upload.GetFile"), len(on.srv.actions)
        on.srv.deliver(on.friend, None, "", media=note.media, fwd=True)
        await said(on, EN_WORDS, since)
        assert on.srv.count("upload.GetFile") == downloads


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_program_tells_its_story_in_the_owners_language(language: str) -> None:
    story = {
        "ru": [
            "🚀 Запускаю голосового транскрибера...",
            "💻 CPU потоков: 1",
            "👥 Отслеживаемых пользователей: 1",
            "🔄 Подключаюсь к Telegram...",
            "✅ Подключено к Telegram",
            "✅ Бот запущен!",
            "🎙️ Работаю с моделью ",
            "📋 Список отслеживаемых: ",
            "⚠️ Отключено от Telegram. Пытаюсь переподключиться...",
            "✅ Подключено к Telegram",
            "🛑 Получен сигнал 15. Останавливаюсь...",
            "🛑 Остановка по запросу...",
            "🛑 Отключен от Telegram",
            "✅ Голосовой транскрибер остановлен корректно",
        ],
        "en": [
            "🚀 Starting the voice transcriber...",
            "💻 CPU threads: 1",
            "👥 Tracked users: 1",
            "🔄 Connecting to Telegram...",
            "✅ Connected to Telegram",
            "✅ Up and running!",
            "🎙️ Working with the model ",
            "📋 Tracked: ",
            "⚠️ Disconnected from Telegram. Trying to reconnect...",
            "✅ Connected to Telegram",
            "🛑 Received signal 15. Stopping...",
            "🛑 Stopping as asked...",
            "🛑 Disconnected from Telegram for good",
            "✅ The voice transcriber stopped cleanly",
        ],
    }[language]
    settings = {"CPU_THREADS": "1", "LOG_LEVEL": "WARNING"}
    async with stage() as on, running(on, language=language, settings=settings) as program:
        await program.wait_line(story[7])
        on.srv.drop(rst=True)
        await program.wait_line(story[8])
        await on.srv.wait_subscribed()
        await program.wait_line(story[9], since=program.lines.index(story[8]))
        code, seconds = await program.terminate()
        assert code == 0
        assert seconds < 3
        assert len(program.lines) == len(story), program.lines
        for line, expected in zip(program.lines, story, strict=True):
            assert line.startswith(expected)
        assert program.errors == []


async def test_check_says_healthy_while_connected_and_not_after_the_end() -> None:
    async with stage() as on:
        async with running(on) as program:
            await program.wait_line("📋")
            assert await _check_until(on, 0) == 0
            await program.terminate()
        assert await _check(on) == 1


async def test_logs_as_json_are_json_and_hold_nothing_that_was_said() -> None:
    async with stage() as on, running(on, settings={"LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}) as program:
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        await program.terminate()
        for line in program.lines:
            assert "message" in json.loads(line)
        everything = "\n".join(program.lines)
        for secret in ("voice message", "Bob", on.me.first_name + " ", on.srv.account.phone):
            assert secret not in everything


async def _check(on: Stage) -> int:
    async with running(on, "check", subscribed=False) as check:
        return await check.wait_end()


async def _check_until(on: Stage, wanted: int, tries: int = 10) -> int:
    """`check` again and again: the heartbeat writes whenever the connection comes or goes."""
    code = await _check(on)
    while code != wanted and tries:
        tries -= 1
        code = await _check(on)
    return code
