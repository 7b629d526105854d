"""What holds the processes that tools start?"""
