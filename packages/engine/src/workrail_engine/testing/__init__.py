"""Fakes and builders for tests: definitions, a store in memory, a fixed world, an agent."""
