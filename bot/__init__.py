"""The gateway: channels in and out, order, duplicates, language, crisis words, outbox."""
