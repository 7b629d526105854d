"""What does an agent know before it begins?"""
