"""How are models asked?"""
