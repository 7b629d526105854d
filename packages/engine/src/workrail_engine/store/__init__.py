"""The log on disk: how sessions, their events and everything beside them are kept.

Read `schema`, `commits`, `positions`, in that order. `sql_store` is the door.
"""
