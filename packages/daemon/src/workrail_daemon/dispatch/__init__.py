"""Which run is worked on, where and when?"""
