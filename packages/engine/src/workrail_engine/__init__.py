"""The engine under WorkRail and WorkTrain: workflow definitions and durable sessions.

Two doors: `workrail_engine.engine` acts, `workrail_engine.reader` looks. Programs use these, and the
plain values in `outcomes`, `errors`, `ids`, `projections` and `ports`; every other room is private
to the engine (see `.importlinter`).
"""
