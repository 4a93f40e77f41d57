"""A Telegram on this machine: real MTProto over loopback TCP, one account, people and chats in memory, and faults.

An unmodified client signs in to it and goes through its real transport, key exchange, encryption, calls and updates.
"""
