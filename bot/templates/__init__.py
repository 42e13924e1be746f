"""The templates that posts are made by: which one is for which post, what it may say, and where it is read.

All are read, checked and compiled when the program starts, and none later: one that is edited while the daemon runs
counts from its next start on, for every channel at once.
"""
