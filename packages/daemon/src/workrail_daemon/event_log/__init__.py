"""What did the daemon do, day by day?"""
