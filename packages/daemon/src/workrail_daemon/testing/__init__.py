"""Test doubles that ship with the daemon."""
