"""What happens when the ground gives way?"""
