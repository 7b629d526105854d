"""What did happen: commands become events, events become state.

Read `events`, `state`, `decide`, in that order. Nothing here reads a clock, a disk or a random
number; what is needed of the world comes in as arguments.
"""
