"""What the product talks about: contacts, activities, opportunities, stages, write-backs.

Frozen values.
"""
