"""What can an agent do?"""
