"""Prices and carts of a small shop. Amounts are whole cents."""
