"""The core of Lotse: answers, intake, cases and their storage, without Rasa, Telegram or web."""
