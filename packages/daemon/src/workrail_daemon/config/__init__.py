"""What did the operator settle?"""
