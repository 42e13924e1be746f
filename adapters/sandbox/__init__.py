"""Fake platform servers, each written from the platform's public rules: the demo's stage and the tests' opponent.

They import neither `bot` nor the real adapters: a second, independent reading of each platform.
"""
