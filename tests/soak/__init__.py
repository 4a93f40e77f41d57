"""A soak: the real program under a seeded schedule of notes and faults, counted from Telegram's side."""
