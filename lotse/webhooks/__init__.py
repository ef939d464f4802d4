"""Webhooks: a town's other system is told that something happened in a case, and reads the rest by the API.

`outbox` writes down what is to be told, in the transaction in which it happens; `delivery` sends it, by the worker.
Decision: docs/decisions/0027-api-and-webhooks.md.
"""
