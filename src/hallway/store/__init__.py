"""The store: all SQL, on SQLite and on PostgreSQL.

Rules: every statement's first parameter is the organization; every read returns the organization as its first
column and the reader compares it; statements that span organizations have a name that
starts with `global_`.
"""
